using System;
using System.Collections.Generic;
using UnityEngine;

namespace Meshcast.Play
{
    /// <summary>
    /// A Humanoid with the proportions of a resting body, whose bones have axes of their own, as those of characters
    /// from modelling tools do. It stands elsewhere, turned, and in no pose of use.
    /// </summary>
    internal static class Character
    {
        private static readonly string[] Joints =
        {
            "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle",
            "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head",
            "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist"
        };

        private static readonly HumanBodyBones[] Names =
        {
            HumanBodyBones.Hips, HumanBodyBones.LeftUpperLeg, HumanBodyBones.RightUpperLeg, HumanBodyBones.Spine,
            HumanBodyBones.LeftLowerLeg, HumanBodyBones.RightLowerLeg, HumanBodyBones.Chest, HumanBodyBones.LeftFoot,
            HumanBodyBones.RightFoot, HumanBodyBones.UpperChest, HumanBodyBones.LeftToes, HumanBodyBones.RightToes,
            HumanBodyBones.Neck, HumanBodyBones.LeftShoulder, HumanBodyBones.RightShoulder, HumanBodyBones.Head,
            HumanBodyBones.LeftUpperArm, HumanBodyBones.RightUpperArm, HumanBodyBones.LeftLowerArm,
            HumanBodyBones.RightLowerArm, HumanBodyBones.LeftHand, HumanBodyBones.RightHand
        };

        /// <summary>With 1 to 3 bones between hips and neck.</summary>
        public static Animator Make(ModelPacket model, int spine)
        {
            var random = new System.Random(5);
            var root = new GameObject("character");
            root.transform.SetPositionAndRotation(new Vector3(-4, 0, 9), Quaternion.Euler(0, 200, 0));
            Animator animator = root.AddComponent<Animator>();
            root.AddComponent<MeshRenderer>();
            // The armature of many models lies on its back, and is not a human bone.
            Transform armature = new GameObject("armature").transform;
            armature.SetParent(root.transform, false);
            Quaternion lying = Quaternion.Euler(-90, 0, 0);
            var skeleton = new List<SkeletonBone> { new SkeletonBone { name = "armature", rotation = lying } };
            armature.localRotation = Quaternion.Euler(10, 20, 30);
            var bones = new Transform[model.ParentCount];
            var turned = new Quaternion[model.ParentCount];
            for (int j = 0; j < model.ParentCount; j++)
            {
                int up = model.Parents[j];
                // What the character lacks is one with its parent.
                if (Lacks(model.JointNames[j], spine))
                {
                    bones[j] = bones[up];
                    turned[j] = turned[up];
                    continue;
                }
                Transform bone = new GameObject("bone " + model.JointNames[j]).transform;
                Quaternion above = up < 0 ? lying : turned[up];
                Vector3 from = up < 0 ? default(Vector3) : Rest(model, Origin(model, up, spine));
                turned[j] = Quaternion.Euler(random.Next(360), random.Next(360), random.Next(360));
                bone.SetParent(up < 0 ? armature : bones[up], false);
                bone.localPosition = Quaternion.Inverse(above) * (Rest(model, j) - from);
                Quaternion rest = Quaternion.Inverse(above) * turned[j];
                skeleton.Add(new SkeletonBone { name = bone.gameObject.name, rotation = rest });
                bone.localRotation = Quaternion.Euler(random.Next(360), random.Next(360), random.Next(360));
                bones[j] = bone;
                int known = Array.IndexOf(Joints, model.JointNames[j]);
                if (known >= 0)
                {
                    animator.Bones[Names[known]] = bone;
                }
            }
            animator.avatar = new Avatar
            {
                humanDescription = new HumanDescription { skeleton = skeleton.ToArray() }
            };
            return animator;
        }

        private static bool Lacks(string joint, int spine)
        {
            return (joint == "spine3" && spine < 3) || (joint == "spine2" && spine < 2);
        }

        /// <summary>The joint where the bone of a joint begins.</summary>
        private static int Origin(ModelPacket model, int joint, int spine)
        {
            return Lacks(model.JointNames[joint], spine) ? Origin(model, model.Parents[joint], spine) : joint;
        }

        private static Vector3 Rest(ModelPacket model, int joint)
        {
            float[] all = model.Rig.RestJoints;
            return new Vector3(all[3 * joint], all[3 * joint + 1], all[3 * joint + 2]);
        }
    }
}
