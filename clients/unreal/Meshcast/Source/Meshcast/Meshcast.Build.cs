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

		PrivateIncludePaths.Add(Path.Combine(ModuleDirectory, "Private"));
		PrivateIncludePaths.Add(Path.Combine(ModuleDirectory, "Private", "Core"));
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
		throw new BuildException("Meshcast: the headers of the C++ client are missing; copy the plugin out of what clients/unreal/package.sh makes");
	}

	// A libzmq that the plugin's user has put into Source/ThirdParty/libzmq: see README.md.
	void AddZeroMq()
	{
		string Root = Path.Combine(PluginDirectory, "Source", "ThirdParty", "libzmq");
		string Libraries = Path.Combine(Root, "lib", Target.Platform.ToString());
		if (!File.Exists(Path.Combine(Root, "include", "zmq.h")) || !Directory.Exists(Libraries))
		{
			throw new BuildException("Meshcast: put libzmq's zmq.h into " + Path.Combine(Root, "include") + " and its libraries into " + Libraries);
		}
		PublicSystemIncludePaths.Add(Path.Combine(Root, "include"));
		foreach (string File in Directory.GetFiles(Libraries))
		{
			string Extension = Path.GetExtension(File);
			string Name = Path.GetFileName(File);
			if (Extension == ".lib" || Extension == ".a" || Extension == ".dylib" || Extension == ".so")
			{
				PublicAdditionalLibraries.Add(File);
			}
			if (Extension == ".dll")
			{
				PublicDelayLoadDLLs.Add(Name);
				RuntimeDependencies.Add("$(BinaryOutputDir)/" + Name, File);
			}
			else if (Extension == ".dylib" || Name.Contains(".so"))
			{
				RuntimeDependencies.Add(File);
			}
		}
	}
}
