using UnityEngine;

namespace Meshcast
{
    /// <summary>
    /// Shows one person of a stream: as a mesh of its own, or by moving a Humanoid character. The mesh needs the
    /// stream's level Mesh, MeshLod or Params, the character Params.
    /// </summary>
    [DefaultExecutionOrder(100)]
    [AddComponentMenu("Meshcast/Meshcast Body")]
    [DisallowMultipleComponent]
    public sealed class MeshcastBody : MonoBehaviour
    {
        /// <summary>Whom to show. Once chosen, a person is shown until gone.</summary>
        public enum Choice
        {
            /// <summary>Whoever has been there for longest.</summary>
            First,

            /// <summary>Whoever is nearest to the camera; may change.</summary>
            Nearest,

            /// <summary>The track id <see cref="id"/>.</summary>
            Id,

            /// <summary>Anybody whom no other body with this choice shows.</summary>
            AnyFree
        }

        /// <summary>How to show it.</summary>
        public enum Mode
        {
            Surface,
            Rig
        }

        public MeshcastStream stream;
        public Choice choice = Choice.First;
        public int id;
        public Mode mode = Mode.Surface;

        [Tooltip("Of the surface; empty for the default one.")]
        public Material material;

        [Tooltip("The Humanoid character to move; empty for the one on this object.")]
        public Animator animator;

        [Tooltip("Hide the character while nobody is there for it; otherwise it stands still.")]
        public bool hideCharacter = true;

        [Tooltip("For so many seconds somebody who is missing is shown as last seen, before another takes the place.")]
        public float holdSeconds = 0.5f;

        private readonly Skinner skinner = new Skinner();
        private BodySurface surface;
        private HumanRig rig;
        private float[] skinned = new float[0];
        private MeshcastStream claimedFrom;
        private int claimedId;
        private string lastError = "";
        private float seenAt;

        /// <summary>Whether somebody is shown.</summary>
        public bool IsShown { get; private set; }

        /// <summary>The track id of who is shown.</summary>
        public int PersonId { get; private set; }

        private void OnDisable()
        {
            Hide();
        }

        private void OnDestroy()
        {
            if (surface != null)
            {
                surface.Dispose();
                surface = null;
            }
        }

        private void LateUpdate()
        {
            Snapshot current = stream != null ? stream.Current : null;
            ModelPacket model = stream != null ? stream.Model : null;
            if (current != null && IsMissed(current.People))
            {
                return;
            }
            int person = current != null && model != null ? Choose(current.People) : -1;
            if (person < 0)
            {
                Hide();
                return;
            }
            try
            {
                Show(current, model, person);
                IsShown = true;
                seenAt = Time.unscaledTime;
            }
            catch (WireException error)
            {
                Report(error.Message);
                Hide();
            }
        }

        // Whoever passes before somebody, or a blurred picture, takes people away for a frame or two.
        private bool IsMissed(People people)
        {
            return IsShown && (choice != Choice.Id || id == PersonId) && Time.unscaledTime - seenAt < holdSeconds
                && people.IndexOf(PersonId) < 0;
        }

        private int Choose(People people)
        {
            int kept = IsShown ? people.IndexOf(PersonId) : -1;
            int chosen = kept;
            switch (choice)
            {
                case Choice.First:
                    chosen = kept >= 0 ? kept : Lowest(people);
                    break;
                case Choice.Nearest:
                    chosen = NearestOf(people);
                    break;
                case Choice.Id:
                    chosen = people.IndexOf(id);
                    break;
                case Choice.AnyFree:
                    chosen = kept >= 0 && HoldsClaim(PersonId) ? kept : Free(people);
                    break;
            }
            if (choice != Choice.AnyFree)
            {
                ReleaseClaim();
            }
            if (chosen >= 0)
            {
                PersonId = people.Ids[chosen];
            }
            return chosen;
        }

        // Ids rise in the order in which people came.
        private static int Lowest(People people)
        {
            int best = -1;
            for (int i = 0; i < people.Count; i++)
            {
                best = best < 0 || people.Ids[i] < people.Ids[best] ? i : best;
            }
            return best;
        }

        private static int NearestOf(People people)
        {
            int best = -1;
            float bestDistance = 0;
            for (int i = 0; i < people.Count; i++)
            {
                float distance = Point(people.Translation, i).sqrMagnitude;
                if (best < 0 || distance < bestDistance)
                {
                    best = i;
                    bestDistance = distance;
                }
            }
            return best;
        }

        private int Free(People people)
        {
            ReleaseClaim();
            for (int i = 0; i < people.Count; i++)
            {
                if (stream.Claim(people.Ids[i]))
                {
                    claimedId = people.Ids[i];
                    claimedFrom = stream;
                    return i;
                }
            }
            return -1;
        }

        private void Show(Snapshot current, ModelPacket model, int person)
        {
            Vector3 root = Point(current.People.Translation, person);
            if (mode == Mode.Rig)
            {
                ShowRig(current, model, person, root);
                return;
            }
            HideRig();
            if (surface == null)
            {
                surface = new BodySurface(gameObject, material);
            }
            // The object stands at the person's pelvis, so that others can be attached to it.
            transform.SetPositionAndRotation(stream.transform.TransformPoint(root), stream.transform.rotation);
            ShowSurface(current, model, person, root);
        }

        private void ShowRig(Snapshot current, ModelPacket model, int person, Vector3 root)
        {
            HideSurface();
            Animator character = animator != null ? animator : GetComponent<Animator>();
            if (rig == null || rig.Animator != character)
            {
                HideRig();
                rig = new HumanRig(character);
            }
            if (current.Level != Level.Params)
            {
                throw new WireException("a rig needs the stream's level Params");
            }
            skinner.Pose(model, current.People, person);
            rig.Apply(model, skinner, stream.transform, root);
            rig.SetVisible(true);
        }

        private void ShowSurface(Snapshot current, ModelPacket model, int person, Vector3 root)
        {
            People people = current.People;
            switch (current.Level)
            {
                case Level.Params:
                    if (skinned.Length != 3 * model.VertexCount)
                    {
                        skinned = new float[3 * model.VertexCount];
                    }
                    skinner.Pose(model, people, person);
                    skinner.Skin(skinned, 0);
                    surface.Show(model, false, skinned, 0, root);
                    break;
                case Level.Joints:
                    throw new WireException("a surface needs the stream's level Mesh, MeshLod or Params");
                default:
                    bool lod = current.Level == Level.MeshLod;
                    int expected = lod ? model.LodVertices.Length : model.VertexCount;
                    if (people.VertexCount != expected)
                    {
                        throw new WireException("frames of " + people.VertexCount + " vertices do not fit the model's "
                            + expected);
                    }
                    surface.Show(model, lod, people.Vertices, person * people.VertexCount, root);
                    break;
            }
        }

        private void Hide()
        {
            ReleaseClaim();
            IsShown = false;
            HideSurface();
            HideRig();
        }

        private void HideSurface()
        {
            if (surface != null)
            {
                surface.Hide();
            }
        }

        private void HideRig()
        {
            if (rig != null)
            {
                rig.SetVisible(!hideCharacter);
            }
        }

        private bool HoldsClaim(int person)
        {
            return ReferenceEquals(claimedFrom, stream) && claimedId == person;
        }

        private void ReleaseClaim()
        {
            // Not Unity's comparison: a claim on a destroyed stream may be given back as well.
            if (!ReferenceEquals(claimedFrom, null))
            {
                claimedFrom.Release(claimedId);
                claimedFrom = null;
            }
        }

        private void Report(string error)
        {
            if (error != lastError)
            {
                lastError = error;
                Debug.LogWarning("Meshcast: " + error, this);
            }
        }

        private static Vector3 Point(float[] values, int index)
        {
            return new Vector3(values[3 * index], values[3 * index + 1], values[3 * index + 2]);
        }
    }
}
