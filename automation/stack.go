package automation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/oidc"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// attempts is how often a stack is run again after what passes by itself, and
// pause how long it is left alone in between.
const (
	attempts = 6
	pause    = 15 * time.Second
)

// strides is how often a stack is run again at once, each time because AWS had carried
// out something of what failed.
const strides = 20

// resources is how many resources of a stack are worked on at once. Pulumi's
// default goes by the number of processors, but what a stack does is to wait:
// half a minute for each change of DNS or of a bucket's lifecycle.
const resources = 32

// died matches what the engine says when the process of a provider has died, which a new one
// makes good.
var died = regexp.MustCompile(`error reading from server|transport is closing|the plugin .* may have crashed`)

// stack is one stack of the organization under an operation.
type stack struct {
	a    *Automation
	name string
	// org is what the stack's program is run with.
	org    *organization.Organization
	exists bool
	// unfinished is set if the stack exists and no run of it came to its end.
	unfinished bool
	// reads says that the operation changes nothing.
	reads bool
	// seek finds what AWS has of what the stack declares, while its state is rebuilt.
	seek program.Find
	// kept is what a destroy has left in AWS.
	kept []string
	*shared
	watcher watcher
	// latest is the state that was read or written last, for the program that runs next;
	// nil if that has to be read.
	latest atomic.Pointer[apitype.DeploymentV3]
}

func (a *Automation) stack(s organization.Stack, common *shared) *stack {
	st := &stack{a: a, name: s.Name, org: a.org, shared: common}
	st.watcher.stack = st
	st.watcher.entrances = a.options.PlanToken != nil
	st.watcher.reset()
	return st
}

func (s *stack) emit(e Event) {
	e.Time, e.Stack = time.Now(), s.name
	s.events.put(e)
}

func (s *stack) say(format string, args ...any) {
	s.emit(Event{Kind: EventMessage, Message: fmt.Sprintf(format, args...)})
}

// open returns the Automation API's handle.
func (s *stack) open(ctx context.Context, dir string, env map[string]string, plan *program.Plan) (auto.Stack, error) {
	// The program is inline. Its outputs are there for the run's other stacks
	// before the backend has them.
	run := program.For(s.org, program.Settings{ //nolint:contextcheck // The program gets the engine's.
		Emulator: s.a.emulator(), Images: s.a.options.EmulatorImages, Pace: float64(s.a.pace), Live: s.live, Plan: plan, Dir: dir,
		Made: s.made, Find: s.seek,
		Held: func(ctx context.Context) (map[string]string, error) { return s.held(ctx, dir, env) },
		AWS:  &program.AWS{Env: s.a.options.Env, State: s.stateOf},
	})
	env, err := s.a.withDocker(env)
	if err != nil {
		return auto.Stack{}, err
	}
	ws, err := s.a.workspace(ctx, dir, env, run)
	if err != nil {
		return auto.Stack{}, err
	}
	return auto.SelectStack(ctx, s.name, ws)
}

func (s *stack) here(ctx context.Context) (auto.Stack, error) {
	return s.open(ctx, s.a.options.Dir, s.a.options.Env, nil)
}

// pulumi runs a command of the CLI that the Automation API doesn't have.
func (s *stack) pulumi(ctx context.Context, args ...string) error {
	ws, err := s.a.workspace(ctx, s.a.options.Dir, s.a.options.Env, nil)
	if err != nil {
		return err
	}
	return runIn(ctx, ws, nil, append(args, "--stack", s.name)...)
}

func runIn(ctx context.Context, ws workspace, stdin io.Reader, args ...string) error {
	_, err := outputIn(ctx, ws, stdin, args...)
	return err
}

// outputIn runs a command of the CLI and returns what it prints.
func outputIn(ctx context.Context, ws workspace, stdin io.Reader, args ...string) (string, error) {
	var env []string
	for k, v := range ws.GetEnvVars() {
		env = append(env, k+"="+v)
	}
	stdout, stderr, _, err := ws.PulumiCommand().Run(ctx, ws.WorkDir(), stdin, nil, nil, env, args...)
	if err != nil {
		return "", fmt.Errorf("pulumi %s: %w", strings.Join(args, " "), summarize(fmt.Errorf("%w\nstdout: %s\nstderr: %s", err, stdout, stderr)))
	}
	return stdout, nil
}

// init creates the stack in the backend that env names, with a secrets provider
// if one is given.
func (s *stack) init(ctx context.Context, dir string, env map[string]string, secrets string) error {
	ws, err := s.a.workspace(ctx, dir, env, nil)
	if err != nil {
		return err
	}
	args := []string{"stack", "init", s.name, "--no-select"}
	if secrets != "" {
		args = append(args, "--secrets-provider", secrets)
	}
	return runIn(ctx, ws, nil, args...)
}

// encryptScratch has a preview in a scratch folder use the key that is to encrypt the stack's secrets, if a service has it. Then
// the preview says whether the key can be used, and takes half the CPU time: Pulumi derives a key from a passphrase by
// hashing it a million times. A plan role may decrypt with such a key, and do nothing else, so it has a passphrase.
func (s *stack) encryptScratch(dir string) error {
	provider := s.a.options.SecretsProvider
	if !strings.Contains(provider, "://") || s.a.options.PlanToken != nil {
		return nil
	}
	settings, err := yaml.Marshal(map[string]string{"secretsprovider": provider})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "Pulumi."+s.name+".yaml"), settings, 0o600)
}

func (s *stack) preview(ctx context.Context) error {
	dir, env := s.a.options.Dir, s.a.options.Env
	if !s.exists {
		var err error
		if dir, env, err = s.a.scratch(); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		err = writeState(filepath.Join(dir, "state"), s.name, emptyDeployment)
		if err == nil {
			err = s.encryptScratch(dir)
		}
		if err != nil {
			return fmt.Errorf("making a scratch backend for the preview: %w", err)
		}
	}
	if s.exists && (s.name == organization.Master && len(s.leaving()) > 0 || s.undeclared(ctx)) {
		var err error
		if dir, env, err = s.releasedCopy(ctx); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
	}
	if !s.exists && s.name != organization.Master && s.a.options.PlanToken == nil {
		if account, err := s.account(ctx); err == nil {
			if err := s.uninvited(ctx, account); err != nil {
				return err
			}
		}
	}
	return s.planned(ctx, func(plan *program.Plan) error {
		handle, err := s.open(ctx, dir, env, plan)
		if err != nil {
			return err
		}
		return s.retried(ctx, handle, previewing(ctx, handle))
	})
}

// previewing returns what previews a stack.
func previewing(ctx context.Context, handle auto.Stack) func(chan<- events.EngineEvent) error {
	return func(channel chan<- events.EngineEvent) error {
		_, err := handle.Preview(ctx, optpreview.EventStreams(channel), optpreview.SuppressOutputs(), optpreview.SuppressProgress())
		return err
	}
}

// updating returns what brings a stack up, with so many resources at once.
func updating(ctx context.Context, handle auto.Stack, atOnce int, more ...optup.Option) func(chan<- events.EngineEvent) error {
	return func(channel chan<- events.EngineEvent) error {
		options := []optup.Option{optup.EventStreams(channel), optup.Parallel(atOnce), optup.SuppressOutputs(), optup.SuppressProgress()}
		_, err := handle.Up(ctx, append(options, more...)...)
		return err
	}
}

// drift looks for what has changed in AWS and writes nothing, neither there nor
// into the state.
func (s *stack) drift(ctx context.Context) error {
	return s.planned(ctx, func(plan *program.Plan) error {
		dir, env := s.a.options.Dir, s.a.options.Env
		if plan != nil {
			var err error
			if dir, env, err = s.copied(ctx, plan); err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
		}
		handle, err := s.open(ctx, dir, env, plan)
		if err != nil {
			return err
		}
		options := s.reading(ctx, plan)
		s.watcher.refreshes = true
		return s.retried(ctx, handle, func(channel chan<- events.EngineEvent) error {
			_, err := handle.PreviewRefresh(ctx, append(options, optrefresh.EventStreams(channel))...)
			return err
		})
	})
}

// planned runs f with what lets a preview into accounts by their plan roles; with
// nil if it comes in as an update does.
func (s *stack) planned(ctx context.Context, f func(*program.Plan) error) error {
	if s.a.options.PlanToken == nil {
		return f(nil)
	}
	token, err := oidc.Keep(ctx, s.a.options.PlanToken, func(err error) { s.say("%v", err) })
	if err != nil {
		return fmt.Errorf("asking for a token for the role %s: %w", s.a.org.Name(s.name, organization.RolePlan), err)
	}
	defer func() { _ = token.Close() }()
	err = f(&program.Plan{TokenFile: token.Path, Unmade: !s.exists})
	if err != nil && strings.Contains(err.Error(), byToken) {
		err = fmt.Errorf("%w\nThe role %s lets in what access.github names, once `coldstart up %s` has run with it", err,
			s.a.org.Name(s.name, organization.RolePlan), s.name)
	}
	return err
}

// byToken is the call that AWS refuses to who isn't let in by a token.
const byToken = "AssumeRoleWithWebIdentity"

func (s *stack) up(ctx context.Context) error {
	begin := time.Now()
	handle, err := s.here(ctx)
	if err != nil {
		return err
	}
	if s.exists {
		if _, err := s.recover(ctx, handle, nil, nil); err != nil {
			return err
		}
		if err := s.released(ctx); err != nil {
			return err
		}
	}
	// One that has run before is in an account that is long ready.
	if s.name != organization.Master && (!s.exists || s.unfinished) {
		if err := s.ready(ctx); err != nil {
			return err
		}
	}
	image := s.latestImage()
	env, done, err := s.pushing(ctx)
	if err != nil {
		return err
	}
	defer done()
	if env != nil {
		if handle, err = s.open(ctx, s.a.options.Dir, env, nil); err != nil {
			return err
		}
	}
	run := updating(ctx, handle, s.atOnce(ctx))
	if err := s.retried(ctx, handle, run); err != nil {
		return err
	}
	// A run that adopts leaves what it adopts as it is, and hands nothing over; now it
	// is brought in line with the declaration.
	if s.live.Outputs(s.name) == nil {
		s.say("adopted what exists already; running again to bring it in line")
		if err := s.retried(ctx, handle, run); err != nil {
			return err
		}
	}
	s.missImage(ctx, image)
	return s.deleteDoubles(ctx, begin)
}

func (s *stack) refresh(ctx context.Context) error {
	handle, err := s.here(ctx)
	if err != nil {
		return err
	}
	if _, err := s.recover(ctx, handle, nil, nil); err != nil {
		return err
	}
	options := s.reading(ctx, nil)
	s.watcher.refreshes = true
	return s.retried(ctx, handle, func(channel chan<- events.EngineEvent) error {
		_, err := handle.Refresh(ctx, append(options, optrefresh.EventStreams(channel))...)
		return err
	})
}

// retried runs f until it succeeds, fails for a reason that stays, or has failed
// too often; and deals with locks.
func (s *stack) retried(ctx context.Context, handle auto.Stack, f func(chan<- events.EngineEvent) error) error {
	for attempt, stride := 1, 1; ; {
		err := s.watcher.over(f)
		if err == nil || ctx.Err() != nil {
			return err
		}
		// Whatever comes next has to know what AWS has done nevertheless.
		mended, recoverErr := s.mend(ctx, handle)
		if recoverErr != nil {
			return errors.Join(err, recoverErr)
		}
		if mended > 0 && stride < strides {
			s.say("AWS has carried out what failed here (%s); going on from there", count(mended, "change"))
			stride++
			continue
		}
		if zones := s.watcher.conflictingZones(); len(zones) > 0 && stride < strides {
			n, redrawErr := s.redraw(ctx, handle, zones)
			if redrawErr != nil {
				return errors.Join(err, redrawErr)
			}
			if n > 0 {
				stride++
				continue
			}
		}
		if closed, closedErr := s.forgetClosed(ctx, handle); closedErr != nil {
			return errors.Join(err, closedErr)
		} else if closed > 0 && stride < strides {
			stride++
			continue
		}
		if again, lockErr := s.unlock(ctx, err); again {
			continue
		} else if lockErr != nil {
			return lockErr
		}
		if attempt == attempts || !passes(err) {
			return err
		}
		if err := s.rest(ctx, err, attempt); err != nil {
			return err
		}
		attempt++
	}
}

// rest waits for what passes by itself.
func (s *stack) rest(ctx context.Context, err error, attempt int) error {
	s.say("%v; that passes by itself as a rule: trying again in %s (%d of %d)", err, s.a.real(pause), attempt, attempts-1)
	select {
	case <-time.After(s.a.real(pause)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mismatched is what the Docker plugin says of an EOF, which isn't one of a connection.
const mismatched = "mismatched registry credentials"

// passes reports whether an error passes by itself.
func passes(err error) bool {
	if strings.Contains(err.Error(), byToken) {
		return false // A role that a token doesn't open won't be opened by waiting.
	}
	text := withoutBuild(err.Error())
	passing := awserror.Passes(text) || died.MatchString(text)
	return passing && !strings.Contains(text, pluginPanicked) && !strings.Contains(text, mismatched)
}

// over runs f with a channel of engine events, which it watches, and returns an error
// that is for a person to read.
func (w *watcher) over(f func(chan<- events.EngineEvent) error) error {
	w.begin()
	channel, done := make(chan events.EngineEvent), make(chan struct{})
	go w.watch(channel, done)
	err := f(channel)
	if err == nil {
		<-done
		return nil
	}
	// After an error the API may leave the channel open.
	select {
	case <-done:
	case <-time.After(time.Second):
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted: %w", context.Canceled)
	}
	return w.cause(err)
}
