package rehearsal

import (
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// requirements are the Python packages of the emulator.
//
//go:embed requirements.txt
var requirements string

// motoServer is the Python program that runs moto.
//
//go:embed moto.py
var motoServer string

// loadManagedPolicies makes moto load AWS's managed policies. Without it, moto has no
// AdministratorAccess to attach.
const loadManagedPolicies = "MOTO_IAM_LOAD_MANAGED_POLICIES=true"

// noImages keeps moto from loading machine images for each account and region.
const noImages = "MOTO_EC2_LOAD_DEFAULT_AMIS=false"

// unfinishedMark is in the names of virtual environments that aren't complete yet.
const unfinishedMark = ".unfinished-"

// startMoto runs moto in a virtual environment.
func startMoto(ctx context.Context, o EmulatorOptions) (*Emulator, error) {
	python, err := virtualEnvironment(ctx, o)
	if err != nil {
		return nil, err
	}
	listener, err := listen()
	if err != nil {
		return nil, err
	}
	defer func() { _ = listener.Close() }()
	socket, err := listener.File()
	if err != nil {
		return nil, fmt.Errorf("the emulator's port: %w", err)
	}
	// When moto has the socket, this process must close it. Otherwise connections would wait for an
	// answer even after moto has died.
	defer func() { _ = socket.Close() }()
	p, err := startProcess(ctx, o, func(ctx context.Context) *exec.Cmd {
		return motoCommand(ctx, python, portOf(listener), socket)
	})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(socket.Close(), listener.Close()); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return started(ctx, p, portOf(listener), motoVersion(requirements))
}

// motoCommand runs moto on a socket that listens already. If moto got only a free port's number,
// another program could take the port before moto starts.
func motoCommand(ctx context.Context, python string, port int, socket *os.File) *exec.Cmd {
	// With -I, Python looks for modules neither in PYTHONPATH nor in the current folder.
	cmd := exec.CommandContext(ctx, python, "-I", "-u", "-c", motoServer, "-H", "127.0.0.1", "-p", fmt.Sprint(port))
	cmd.Cancel = func() error { return terminate(cmd) }
	cmd.ExtraFiles = []*os.File{socket}
	// With these variables, the server's reloader passes a socket to the process that it starts.
	// Here the socket is the first of ExtraFiles. A Werkzeug that doesn't know them would open the
	// port itself. Without a home folder, moto finds no service models in ~/.aws/models.
	cmd.Env = append(onlyNamed(os.Environ(), passedVariables), "HOME="+os.DevNull, "WERKZEUG_RUN_MAIN=true", "WERKZEUG_SERVER_FD=3", loadManagedPolicies, noImages)
	return cmd
}

// motoVersion returns "moto" and the pinned version.
func motoVersion(requirements string) string {
	for line := range strings.Lines(requirements) {
		if version, ok := strings.CutPrefix(line, "moto=="); ok {
			return "moto " + strings.TrimSpace(version)
		}
	}
	return "moto"
}

// Install installs the emulator if it isn't installed. Unlike everything else in a rehearsal, the
// installation uses the machine's settings: pip reads its own variables and those of a proxy.
func Install(ctx context.Context, o EmulatorOptions) error {
	if o.Endpoint != "" || o.Image != "" {
		return nil
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	_, err := virtualEnvironment(ctx, o)
	return err
}

// virtualEnvironment returns the Python of a virtual environment with the requirements, and creates
// the environment if there is none. The environment is created under another name and renamed when
// it is complete, so an environment of the right name can always be used. Renaming does no harm,
// because Python finds a virtual environment from the place of its own program.
func virtualEnvironment(ctx context.Context, o EmulatorOptions) (string, error) {
	base, err := cacheDir(o.CacheDir)
	if err != nil {
		return "", err
	}
	interpreter, err := findPython(ctx)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(base, environmentKey(requirements, interpreter))
	if usable(dir) {
		return pythonIn(dir), nil
	}
	unlock, err := lockFile(ctx, filepath.Join(base, "lock"), func() {
		o.Progress("waiting for another run, which installs the emulator")
	})
	if err != nil {
		return "", err
	}
	defer unlock()
	if usable(dir) { // Another run has created it in the meantime.
		return pythonIn(dir), nil
	}
	o.Progress(fmt.Sprintf("installing the emulator (%s) with pip, about 20 s, once", motoVersion(requirements)))
	return pythonIn(dir), makeEnvironment(ctx, dir, o.Log)
}

// cacheDir returns the folder of virtual environments, and creates it if need be.
func cacheDir(dir string) (string, error) {
	if dir == "" {
		dir = os.Getenv("COLDSTART_CACHE")
	}
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("looking for the cache folder (set COLDSTART_CACHE to use another): %w", err)
		}
		dir = filepath.Join(user, "coldstart")
	}
	dir, err := filepath.Abs(filepath.Join(dir, "emulator"))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", fmt.Errorf("creating the cache folder (set COLDSTART_CACHE to use another): %w", err)
	}
	return dir, nil
}

// pythonProbe prints what a virtual environment depends on: the version and the binary interface of
// Python.
const pythonProbe = `import sys, sysconfig
if sys.version_info < (3, 10):
    sys.exit("it is Python %d.%d" % sys.version_info[:2])
try:
    import ensurepip, venv
except ImportError as e:
    sys.exit("it has no module %s (on Debian and Ubuntu: apt install python3-venv)" % e.name)
print("%d.%d.%d" % sys.version_info[:3], sysconfig.get_config_var("SOABI"))
`

// findPython returns a text that identifies the Python in PATH. It returns an error if that Python
// is too old or lacks a module.
func findPython(ctx context.Context) (string, error) {
	const remedy = "the emulator runs in Python 3.10 or later with its venv module: " +
		"put such a python3 first on PATH, or rehearse against an emulator that runs already or a Docker image of one"
	cmd := exec.CommandContext(ctx, "python3", "-I", "-c", pythonProbe)
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &exit):
		return "", fmt.Errorf("%s won't do: %s; %s", cmd.Path, strings.TrimSpace(string(exit.Stderr)), remedy)
	case err != nil:
		return "", fmt.Errorf("%w; %s", err, remedy)
	}
	return strings.TrimSpace(string(out)), nil
}

// environmentKey returns the name of the virtual environment for the requirements and a Python.
func environmentKey(requirements, interpreter string) string {
	sum := sha256.Sum256([]byte(interpreter + "\n" + requirements))
	return hex.EncodeToString(sum[:])[:12]
}

func pythonIn(dir string) string { return filepath.Join(dir, "bin", "python") }

// usable reports whether dir has a virtual environment whose Python is still installed. That Python
// is a link to the one with which the environment was created.
func usable(dir string) bool {
	_, err := os.Stat(pythonIn(dir))
	return err == nil
}

// makeEnvironment creates a virtual environment in dir. The caller holds the lock.
func makeEnvironment(ctx context.Context, dir string, log io.Writer) (err error) {
	removeUnfinished(filepath.Dir(dir))
	tmp, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+unfinishedMark+"*")
	if err != nil {
		return fmt.Errorf("creating a folder in the cache: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(tmp))
		}
	}()
	if err := installInto(ctx, tmp, log); err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	// An environment whose Python is gone is replaced.
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("replacing the emulator's virtual environment: %w", err)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return fmt.Errorf("finishing the emulator's virtual environment: %w", err)
	}
	return nil
}

// removeUnfinished removes incomplete environments of runs that were killed. If it can't remove
// one, a later run can.
func removeUnfinished(base string) {
	left, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, entry := range left {
		if strings.Contains(entry.Name(), unfinishedMark) {
			_ = os.RemoveAll(filepath.Join(base, entry.Name()))
		}
	}
}

func installInto(ctx context.Context, dir string, log io.Writer) error {
	if err := run(exec.CommandContext(ctx, "python3", "-I", "-m", "venv", dir), log); err != nil {
		return fmt.Errorf("making a virtual environment for the emulator: %w", err)
	}
	file := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(file, []byte(requirements), 0o644); err != nil {
		return err
	}
	pip := exec.CommandContext(ctx, pythonIn(dir), "-I", "-m", "pip", "install",
		"--disable-pip-version-check", "--no-input", "--requirement", file)
	if err := run(pip, log); err != nil {
		return fmt.Errorf("installing the emulator with pip (PIP_INDEX_URL names the package index, if not the usual one): %w", err)
	}
	return nil
}

// lockInterval is how often a lock that another process holds is asked for.
const lockInterval = 100 * time.Millisecond

// lockFile locks a file, which the end of this process unlocks too, whatever
// ends it. It calls waiting if that takes a while.
func lockFile(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o666))
	soon, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err = lock.TryLockContext(soon, lockInterval)
	if err != nil && soon.Err() != nil && ctx.Err() == nil {
		waiting()
		_, err = lock.TryLockContext(ctx, lockInterval)
	}
	switch {
	case err == nil:
		return func() { _ = lock.Close() }, nil // The end of the process does it too.
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		return nil, fmt.Errorf("locking the cache (set COLDSTART_CACHE to a folder on a local disk): %w", err)
	}
}
