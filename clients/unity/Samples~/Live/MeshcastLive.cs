using System.Collections.Generic;
using Meshcast;
using UnityEngine;

/// <summary>
/// Everybody in front of a camera, from an empty scene: put this on an empty object and press Play. Makes what is
/// missing: a camera where the real one stands, a light, the stream, and a body for each person, which are used again.
/// </summary>
public sealed class MeshcastLive : MonoBehaviour
{
    public string address = "tcp://127.0.0.1:5556";
    public Level level = Level.Mesh;
    public MeshcastStream.Transport transport = MeshcastStream.Transport.Automatic;
    public string serverCertificate = "";
    public string clientCertificate = "";
    public Material material;

    [Tooltip("Give the picture the real camera's field of view, where the publisher knows it.")]
    public bool matchCamera = true;

    [Tooltip("Turn it off where the scene has a light of its own.")]
    public bool addLight = true;

    [Tooltip("For so many seconds somebody who is missing is shown as last seen.")]
    public float holdSeconds = 0.5f;

    private readonly Dictionary<int, MeshcastBody> shown = new Dictionary<int, MeshcastBody>();
    private readonly Stack<MeshcastBody> spare = new Stack<MeshcastBody>();
    private readonly List<int> gone = new List<int>();
    private MeshcastStream stream;
    private Camera view;
    private float pictureS = 1f / 60;
    private string text = "";
    private float textAt;

    private void Start()
    {
        view = Camera.main;
        if (view == null)
        {
            view = new GameObject("Camera").AddComponent<Camera>();
            view.transform.SetParent(transform, false);
            view.backgroundColor = new Color(0.16f, 0.18f, 0.22f);
            view.clearFlags = CameraClearFlags.SolidColor;
            view.nearClipPlane = 0.05f;
        }
        if (addLight)
        {
            var lamp = new GameObject("Light").AddComponent<Light>();
            lamp.type = LightType.Directional;
            lamp.transform.rotation = Quaternion.Euler(40, -30, 0);
        }
        stream = MakeStream();
    }

    /// <summary>It stands where the picture is taken, as the real camera does. It is made inactive, so that it
    /// connects only once everything is set.</summary>
    private MeshcastStream MakeStream()
    {
        var owner = new GameObject("Meshcast Stream");
        owner.SetActive(false);
        owner.transform.SetParent(view.transform, false);
        var made = owner.AddComponent<MeshcastStream>();
        made.address = address;
        made.level = level;
        made.transport = transport;
        made.serverCertificate = serverCertificate;
        made.clientCertificate = clientCertificate;
        owner.SetActive(true);
        return made;
    }

    private void Update()
    {
        pictureS = Mathf.Lerp(pictureS, Time.unscaledDeltaTime, 0.05f);
        Snapshot current = stream.Current;
        gone.Clear();
        foreach (int id in shown.Keys)
        {
            bool here = current != null && current.People.IndexOf(id) >= 0;
            if (!here && !shown[id].IsShown)
            {
                gone.Add(id);
            }
        }
        foreach (int id in gone)
        {
            shown[id].gameObject.SetActive(false);
            spare.Push(shown[id]);
            shown.Remove(id);
        }
        if (current == null)
        {
            return;
        }
        for (int i = 0; i < current.People.Count; i++)
        {
            if (!shown.ContainsKey(current.People.Ids[i]))
            {
                shown.Add(current.People.Ids[i], Body(current.People.Ids[i]));
            }
        }
        if (matchCamera && current.VerticalFovDegrees > 0)
        {
            view.fieldOfView = (float)current.VerticalFovDegrees;
        }
    }

    private MeshcastBody Body(int id)
    {
        MeshcastBody body = spare.Count > 0 ? spare.Pop() : new GameObject("Body").AddComponent<MeshcastBody>();
        body.stream = stream;
        body.choice = MeshcastBody.Choice.Id;
        body.id = id;
        body.material = material;
        body.holdSeconds = holdSeconds;
        body.gameObject.SetActive(true);
        return body;
    }

    private void OnGUI()
    {
        // A new text four times a second, so that what is measured is not what measuring costs.
        if (Time.unscaledTime >= textAt)
        {
            textAt = Time.unscaledTime + 0.25f;
            text = Describe();
        }
        GUI.Label(new Rect(12, 12, 900, 60), text);
    }

    private string Describe()
    {
        LiveStream live = stream.Live;
        if (live == null || !stream.IsConnected)
        {
            return (live == null ? "waiting for " : "no sign of life from ") + address + "\n" + stream.Error;
        }
        string state = live.State == StreamState.Ended ? "ended: " + live.Reason : live.State.ToString();
        return string.Format(
            "{0} ({1})   {2} people   {3:0} fps\ncaptured {4:0} ms before arrival   {5} frames, {6} lost, {7} skipped, "
            + "{8} stale, {9} damaged",
            live.Name, state, shown.Count, 1 / pictureS, live.LatencyMs, live.Received, live.Lost, live.Skipped,
            live.Stale, stream.Errors);
    }
}
