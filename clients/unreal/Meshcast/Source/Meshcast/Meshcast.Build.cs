// Apache-2.0

using System.IO;
using UnrealBuildTool;

public class Meshcast : ModuleRules
{
	public Meshcast(ReadOnlyTargetRules Target) : base(Target)
	{
		PCHUsage = PCHUsageMode.UseExplicitOrSharedPCHs;
		CppStandard = CppStandardVersion.Cpp20;

		PublicDependencyModuleNames.AddRange(new string[]
		{
			"Core", "CoreUObject", "Engine", "GeometryCore", "GeometryFramework", "DeveloperSettings",
			"LiveLinkInterface", "LiveLinkAnimationCore"
		});

		PrivateIncludePaths.Add(MeshcastHeaders());
		AddZeroMq();
	}

	// The C++ client's headers: in a packaged plugin beside this module, in Meshcast's repository where they are kept.
	string MeshcastHeaders()
	{
		string Packaged = Path.Combine(PluginDirectory, "Source", "ThirdParty", "Meshcast", "include");
		string Repository = Path.GetFullPath(Path.Combine(PluginDirectory, "..", "..", "cpp", "include"));
		foreach (string Folder in new[] { Packaged, Repository })
		{
			if (File.Exists(Path.Combine(Folder, "meshcast", "decode.hpp")))
			{
				return Folder;
			}
		}
		throw new BuildException("Meshcast: the headers of the C++ client are missing; make the plugin's folder with clients/unreal/package.sh");
	}

	// The libzmq that package.sh has put into Source/ThirdParty/libzmq.
	void AddZeroMq()
	{
		string Root = Path.Combine(PluginDirectory, "Source", "ThirdParty", "libzmq");
		string Libraries = Path.Combine(Root, "lib", Target.Platform.ToString());
		if (!File.Exists(Path.Combine(Root, "include", "zmq.h")) || !Directory.Exists(Libraries))
		{
			throw new BuildException("Meshcast: there is no libzmq for " + Target.Platform + " in " + Root + "; make the plugin's folder with clients/unreal/package.sh");
		}
		PublicSystemIncludePaths.Add(Path.Combine(Root, "include"));
		foreach (string Library in Directory.GetFiles(Libraries))
		{
			string Name = Path.GetFileName(Library);
			string Extension = Path.GetExtension(Library);
			if (Extension == ".lib" || Extension == ".a" || Extension == ".dylib" || Extension == ".so")
			{
				PublicAdditionalLibraries.Add(Library);
			}
			if (Extension == ".dll")
			{
				// Beside the module, where the engine looks for what a module needs when it loads it.
				RuntimeDependencies.Add("$(BinaryOutputDir)/" + Name, Library);
			}
			else if (Extension == ".dylib" || Name.Contains(".so"))
			{
				RuntimeDependencies.Add(Library);
			}
		}
	}
}
