// Characters with a human skeleton.
using System.Collections.Generic;

namespace UnityEngine
{
    public sealed class Animator : Behaviour
    {
        // Not Unity's: what the avatar's mapping would find.
        public readonly Dictionary<HumanBodyBones, Transform> Bones = new Dictionary<HumanBodyBones, Transform>();

        public Avatar avatar { get; set; }

        public Transform GetBoneTransform(HumanBodyBones humanBoneId)
        {
            Transform bone;
            return Bones.TryGetValue(humanBoneId, out bone) ? bone : null;
        }
    }

    public class Avatar : Object
    {
        public bool isHuman
        {
            get { return true; }
        }

        public HumanDescription humanDescription { get; set; }
    }

    public struct HumanDescription
    {
        public SkeletonBone[] skeleton;
    }

    public struct SkeletonBone
    {
        public string name;
        public Vector3 position;
        public Quaternion rotation;
        public Vector3 scale;
    }

    public enum HumanBodyBones
    {
        Hips,
        LeftUpperLeg,
        RightUpperLeg,
        LeftLowerLeg,
        RightLowerLeg,
        LeftFoot,
        RightFoot,
        Spine,
        Chest,
        Neck,
        Head,
        LeftShoulder,
        RightShoulder,
        LeftUpperArm,
        RightUpperArm,
        LeftLowerArm,
        RightLowerArm,
        LeftHand,
        RightHand,
        LeftToes,
        RightToes,
        UpperChest = 54
    }
}
