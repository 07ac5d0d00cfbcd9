// Command toolchain provides what plain `pulumi` needs to run coldstart: the
// Pulumi CLI, its Go language host and the AWS plugin. Each comes from the
// first of these that has it:
//
//   - the machine: what is installed and new enough is used as it is;
//   - the cache: what an earlier run, of this clone or of another, has made;
//   - Pulumi's own downloads, as far as toolbox/checksums.txt lists their checksums;
//   - Go modules, so that a machine that reaches nothing but a module proxy
//     gets the same programs, in about 11 minutes on 2 cores.
//
// A declaration with images needs Pulumi's Docker plugin, too, which can't be
// built; without it all but images can be had.
//
// It ends by writing a file that a POSIX shell sources to use them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

const usage = `Usage: go run -C toolchain . [-docker] [-out FILE]

Provides the Pulumi CLI, its Go language host and the AWS plugin, and writes
FILE, which a shell sources to use them. Each of them is the one installed on
this machine, if it is new enough; else the one that an earlier run has made;
else it is downloaded from Pulumi, if toolbox/checksums.txt lists its
checksum; else it is built from Go modules, which
takes about 11 minutes on 2 cores and about 9 GB in Go's caches. A run with
nothing left to do ends at once.

The Docker plugin is used if it is installed. If it isn't and Pulumi.master.yaml
has coldstart:image, it is downloaded from Pulumi; it can't be built. A run that
can't have it says so and goes on: it only means that images can't be built.

What is made is kept in the user's cache folder, coldstart/toolchain, and is
shared by all clones. It may be deleted at any time.

Environment:
  COLDSTART_CACHE  absolute path of a folder to use instead of the user's
                   cache folder's coldstart
  PULUMI_HOME      where Pulumi keeps plugins and logins (default ~/.pulumi)
  GOPROXY, HTTPS_PROXY and the like are obeyed; GOFLAGS and GOWORK are not

Flags:
`

// declaration is the file that says whether images are built.
const declaration = "../Pulumi.master.yaml"

// advice follows a failure to provide a part.
const advice = `What is finished is kept. Check that this machine reaches a Go module proxy
(go env GOPROXY) and has about 9 GB left on disk, then run it again.`

// exitInterrupted is what shells report for a program that SIGINT has ended.
const exitInterrupted = 130

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program without its process: it returns the exit code.
func run(ctx context.Context, args []string, stderr *os.File) int {
	flags := flag.NewFlagSet("toolchain", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	docker := flags.Bool("docker", false, "download the Docker plugin, whatever Pulumi.master.yaml has")
	out := flags.String("out", filepath.Join("..", ".toolchain", "env"), "`file` to write for shells to source")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "toolchain: unexpected argument %q; see -h\n", flags.Arg(0))
		return 2
	}
	t, err := newToolchain(*docker || declaresImages(declaration), stderr)
	if err == nil {
		err = t.ensure(ctx, *out)
	}
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "toolchain: interrupted; what is finished is kept, run it again to go on")
		return exitInterrupted
	}
	printFailure(stderr, err)
	return 1
}

// printFailure prints err with, for a program that failed, what it said last.
func printFailure(w io.Writer, err error) {
	fmt.Fprintf(w, "toolchain: %v\n", err)
	var failed *commandError
	if errors.As(err, &failed) {
		fmt.Fprintf(w, "--- the end of its output:\n%s\n---\n", strings.Join(failed.tail(40), "\n"))
	}
	var unprovided *unprovidedError
	if errors.As(err, &unprovided) {
		fmt.Fprintln(w, advice)
	}
}
