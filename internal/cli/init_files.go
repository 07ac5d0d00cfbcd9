package cli

import (
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/starter"
)

// programFile is the program that plain Pulumi runs. moduleFile names the version of
// coldstart for it, and for workflows.
const programFile, moduleFile = "main.go", "go.mod"

// starterFiles returns the files beside the declaration. The program comes with
// its go.mod, which has to say which version of coldstart it takes.
func starterFiles(info *debug.BuildInfo, ok bool) []starter.File {
	files := []starter.File{{Name: "Pulumi.yaml", Content: starter.Project}, {Name: ".gitignore", Content: starter.Ignore}}
	if !ok {
		return files
	}
	if module, released := goMod(info); released {
		files = append(files, starter.File{Name: programFile, Content: starter.Program}, starter.File{Name: moduleFile, Content: module})
	}
	return files
}

// The module and the version of Pulumi's SDK stand in main.go's imports.
const (
	coldstartModule = "github.com/coldstart-aws/coldstart"
	pulumiSDK       = "github.com/pulumi/pulumi/sdk/v3"
)

var (
	// What Go makes up for sources without a tag has a time behind the hyphen.
	releasedVersion = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[a-z]+(\.?\d{1,3})?)?$`)
	releasedGo      = regexp.MustCompile(`^go(\d+\.\d+(\.\d+)?)$`)
)

// goMod returns the go.mod of a program that takes the same version of coldstart
// as the one that runs, and false if that is no release.
func goMod(info *debug.BuildInfo) ([]byte, bool) {
	// Build settings may stand behind the version.
	goVersion, _, _ := strings.Cut(info.GoVersion, " ")
	language := releasedGo.FindStringSubmatch(goVersion)
	sdk := versionOf(info, pulumiSDK)
	if info.Main.Path != coldstartModule || !releasedVersion.MatchString(info.Main.Version) || language == nil || sdk == "" {
		return nil, false
	}
	return fmt.Appendf(nil, "module organization\n\ngo %s\n\nrequire (\n\t%s %s\n\t%s %s\n)\n",
		language[1], coldstartModule, info.Main.Version, pulumiSDK, sdk), true
}
