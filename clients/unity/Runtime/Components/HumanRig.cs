using System;
using System.Collections.Generic;
using UnityEngine;

namespace Meshcast
{
    /// <summary>
    /// Moves a Humanoid character as a stream's skeleton moves. Both rest in a T-pose facing +z, so a bone is turned
    /// from its own rest by what its joint is turned from the resting body, whatever the bone's axes are. The character
    /// keeps its proportions; its hips are where the pelvis is.
    /// </summary>
    internal sealed class HumanRig
    {
        // Joints of the SMPL skeleton (Loper et al., 2015), each after its parent. Its hands are within Unity's.
        private static readonly KeyValuePair<string, HumanBodyBones>[] Joints =
        {
            Pair("pelvis", HumanBodyBones.Hips),
            Pair("left_hip", HumanBodyBones.LeftUpperLeg),
            Pair("right_hip", HumanBodyBones.RightUpperLeg),
            Pair("spine1", HumanBodyBones.Spine),
            Pair("left_knee", HumanBodyBones.LeftLowerLeg),
            Pair("right_knee", HumanBodyBones.RightLowerLeg),
            Pair("spine2", HumanBodyBones.Chest),
            Pair("left_ankle", HumanBodyBones.LeftFoot),
            Pair("right_ankle", HumanBodyBones.RightFoot),
            Pair("spine3", HumanBodyBones.UpperChest),
            Pair("left_foot", HumanBodyBones.LeftToes),
            Pair("right_foot", HumanBodyBones.RightToes),
            Pair("neck", HumanBodyBones.Neck),
            Pair("left_collar", HumanBodyBones.LeftShoulder),
            Pair("right_collar", HumanBodyBones.RightShoulder),
            Pair("head", HumanBodyBones.Head),
            Pair("left_shoulder", HumanBodyBones.LeftUpperArm),
            Pair("right_shoulder", HumanBodyBones.RightUpperArm),
            Pair("left_elbow", HumanBodyBones.LeftLowerArm),
            Pair("right_elbow", HumanBodyBones.RightLowerArm),
            Pair("left_wrist", HumanBodyBones.LeftHand),
            Pair("right_wrist", HumanBodyBones.RightHand)
        };

        private readonly List<Bone> bones = new List<Bone>();
        private readonly Renderer[] renderers;
        private ModelPacket model;

        /// <summary>The character.</summary>
        public readonly Animator Animator;

        private sealed class Bone
        {
            public string Joint;
            public Transform Transform;
            public Quaternion Rest;
            public int Index;
        }

        /// <exception cref="WireException">There is no Humanoid character.</exception>
        public HumanRig(Animator animator)
        {
            if (animator == null || animator.avatar == null || !animator.avatar.isHuman)
            {
                throw new WireException("a rig needs an Animator with a Humanoid avatar");
            }
            if (animator.GetBoneTransform(HumanBodyBones.Hips) == null)
            {
                throw new WireException("the character " + animator.name
                    + " has no bones: turn 'Optimize Game Objects' off in its model's Rig settings");
            }
            Animator = animator;
            renderers = animator.GetComponentsInChildren<Renderer>(true);
            Dictionary<string, Quaternion> rest = RestRotations(animator.avatar);
            string lastTorso = LastTorsoJoint(animator);
            foreach (KeyValuePair<string, HumanBodyBones> pair in Joints)
            {
                Transform bone = animator.GetBoneTransform(pair.Value);
                if (bone != null)
                {
                    // A shorter spine ends as the long one does, so that shoulders and chest agree.
                    string joint = pair.Key == lastTorso ? "spine3" : pair.Key;
                    Quaternion rotation = FromRoot(bone, animator.transform, rest);
                    bones.Add(new Bone { Joint = joint, Transform = bone, Rest = rotation });
                }
            }
        }

        /// <summary>Poses the character as the skeleton that was posed last.</summary>
        /// <exception cref="WireException">The skeleton has no such joints.</exception>
        public void Apply(ModelPacket body, Skinner pose, Transform camera, Vector3 root)
        {
            if (!ReferenceEquals(model, body))
            {
                foreach (Bone bone in bones)
                {
                    bone.Index = Array.IndexOf(body.JointNames, bone.Joint, 0, body.ParentCount);
                    if (bone.Index < 0)
                    {
                        throw new WireException("body model " + body.ModelName + " has no joint " + bone.Joint
                            + ": a Humanoid needs a skeleton with SMPL's joints");
                    }
                }
                model = body;
            }
            float[] turns = pose.JointRotations;
            for (int i = 0; i < bones.Count; i++)
            {
                int q = 4 * bones[i].Index;
                var turn = new Quaternion(turns[q], turns[q + 1], turns[q + 2], turns[q + 3]);
                bones[i].Transform.rotation = camera.rotation * turn * bones[i].Rest;
                if (i == 0)
                {
                    bones[i].Transform.position = camera.TransformPoint(root);
                }
            }
        }

        /// <summary>Shows or hides the character; whether its renderers are enabled stays as it is.</summary>
        public void SetVisible(bool visible)
        {
            foreach (Renderer renderer in renderers)
            {
                // It may be gone already when a scene is unloaded.
                if (renderer != null)
                {
                    renderer.forceRenderingOff = !visible;
                }
            }
        }

        private static Dictionary<string, Quaternion> RestRotations(Avatar avatar)
        {
            var rest = new Dictionary<string, Quaternion>();
            foreach (SkeletonBone bone in avatar.humanDescription.skeleton)
            {
                rest[bone.name] = bone.rotation;
            }
            return rest;
        }

        /// <summary>A bone's rotation in the T-pose that the avatar was made with, seen from the character's
        /// root.</summary>
        private static Quaternion FromRoot(Transform bone, Transform root, Dictionary<string, Quaternion> rest)
        {
            Quaternion rotation = Quaternion.identity;
            for (Transform at = bone; at != null && at != root; at = at.parent)
            {
                Quaternion local;
                rotation = (rest.TryGetValue(at.name, out local) ? local : at.localRotation) * rotation;
            }
            return rotation;
        }

        private static string LastTorsoJoint(Animator animator)
        {
            if (animator.GetBoneTransform(HumanBodyBones.UpperChest) != null)
            {
                return "spine3";
            }
            return animator.GetBoneTransform(HumanBodyBones.Chest) != null ? "spine2" : "spine1";
        }

        private static KeyValuePair<string, HumanBodyBones> Pair(string joint, HumanBodyBones bone)
        {
            return new KeyValuePair<string, HumanBodyBones>(joint, bone);
        }
    }
}
