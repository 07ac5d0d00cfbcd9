package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/internal/trials"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/proof"
	"github.com/coldstart-aws/coldstart/rehearsal/faults"
	"github.com/coldstart-aws/coldstart/state"
)

// Dir is where a rehearsal keeps its state and its report, below the project's
// folder.
const Dir = ".coldstart/rehearsal"

// ReportFile is the report's name in Dir.
const ReportFile = "report.json"

// Options are those of Run.
type Options struct {
	// Project is the folder with Pulumi.yaml.
	Project string
	// Parallel is how many stacks run at once; 0 for the default.
	Parallel int
	Emulator EmulatorOptions
	// Limits, if not 0, has AWS's rates, waits and refusals hold before the emulator:
	// it is how many of AWS's seconds pass in one. 1 is AWS's own pace.
	Limits float64
	// Faults are what goes wrong while the organization is brought up; nil for
	// nothing.
	Faults faults.Plan
	// All adds what happens to an organization later: the state moves into the management account's bucket, workflows
	// preview, look for drift and deploy, and a member is destroyed and brought up again.
	All bool
	// Executable is a coldstart, for a plan that kills it: what is killed is a
	// process of its own.
	Executable string
	// OnEvent and OnPhase, if not nil, are told what happens.
	OnEvent func(automation.Event)
	OnPhase func(string)
}

// Run brings a whole organization up against an emulator, proves the result,
// and brings it up again. The report says what was found, whether or not it is
// good; the error says what kept it from being found. The emulator runs on until
// it is stopped, for a look; it is nil if it didn't start.
func Run(ctx context.Context, org *organization.Organization, o Options) (*Report, *Emulator, error) {
	r := &Report{
		Started:      time.Now().UTC().Truncate(time.Second),
		Organization: Summary{Namespace: org.Namespace, Domain: org.Domain, Region: org.Region},
		Accounts:     len(org.Accounts) + 1,
		Problems:     []string{},
		Proofs:       []proof.Proof{},
		Omitted:      []string{},
	}
	for _, s := range org.Stacks() {
		r.Stacks = append(r.Stacks, StackReport{Stack: s.Name})
	}
	begin := time.Now()
	if o.Faults.Kills() && o.Executable == "" {
		return nil, nil, fmt.Errorf("the faults %s kill coldstart: Options.Executable has to say which one", o.Faults)
	}
	dir, err := prepare(o.Project, org)
	if err != nil {
		return nil, nil, err
	}
	home, err := Home(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("making a home for Pulumi: %w", err)
	}
	o.phase("starting the emulator")
	front := o.newFront(org, dir)
	front.home = home
	o.Emulator.Front = front.options
	emulator, err := StartEmulator(ctx, o.Emulator)
	if err != nil {
		return nil, nil, err
	}
	emulator.pace, front.emulator = front.pace, emulator
	r.Emulator, r.Seconds.Emulator = emulator.Version(), round(time.Since(begin))
	memory := measure(emulator.PID())
	err = o.rehearse(ctx, org, front, r)
	r.PeakMemoryBytes = memory.stop()
	r.Seconds.Total = round(time.Since(begin))
	r.OK = err == nil && len(r.Problems) == 0
	if writeErr := r.write(filepath.Join(dir, ReportFile)); writeErr != nil {
		err = errors.Join(err, fmt.Errorf("writing the report: %w", writeErr))
	}
	return r, emulator, err
}

// rehearse goes through the phases until one leaves nothing to go on with.
func (o *Options) rehearse(ctx context.Context, org *organization.Organization, front *front, r *Report) error {
	emulator, dir := front.emulator, front.dir
	secrets, err := SecretsProvider(ctx, emulator)
	if err != nil {
		return err
	}
	front.secrets = secrets
	env := o.environment(front)
	images, omitted := o.images(ctx, org, os.Getenv, env)
	r.Omitted = append(r.Omitted, omitted...)
	options := automation.Options{
		Dir:             dir,
		Parallel:        o.Parallel,
		Env:             env,
		SecretsProvider: secrets,
		EmulatorImages:  images.built,
		OnEvent:         o.OnEvent,
	}
	a, err := automation.New(images.org, options)
	if err != nil {
		return err
	}
	o.phase("previewing the whole organization, before anything exists")
	result, err := a.Preview(ctx)
	if err != nil {
		return err
	}
	r.Seconds.Preview = r.phase(result, func(s *StackReport) **PhaseReport { return &s.Preview })
	o.phase("bringing it up")
	begin := time.Now()
	if result, err = o.bringUp(ctx, a, front, r); err != nil {
		return err
	}
	r.Seconds.Up = r.phase(result, func(s *StackReport) **PhaseReport { return &s.Up })
	if err := o.bringPeopleIn(ctx, a, images.org, front, r); err != nil {
		return err
	}
	r.Limits = front.limited(begin, time.Now())
	o.phase("proving it, from what AWS says")
	begin = time.Now()
	proofs, err := proof.Prove(ctx, org, proof.Options{Env: emulator.Env()})
	if err != nil {
		return fmt.Errorf("reading AWS back: %w", err)
	}
	r.proofs(proofs)
	o.phase("trying what people, roles and attackers can do")
	tried, err := trials.Run(ctx, org, emulator.Env())
	if err != nil {
		return fmt.Errorf("trying what people can do: %w", err)
	}
	r.Seconds.Proof = round(time.Since(begin))
	r.proofs(tried)
	o.phase("bringing it up again, which must change nothing")
	if result, err = a.Up(ctx); err != nil {
		return err
	}
	r.secondUp(result)
	if o.All {
		f := &further{Options: o, org: org, emulator: emulator, report: r, as: options}
		err = f.run(ctx, images.org)
	}
	calls := emulator.Calls()
	r.undecided(calls)
	r.contractOnly(calls)
	return err
}

func (o *Options) phase(name string) {
	if o.OnPhase != nil {
		o.OnPhase(name)
	}
}

// Environment is what Pulumi needs to work on a rehearsal's state against its
// emulator, and never on anything real.
func Environment(emulator *Emulator, dir string) map[string]string {
	env := maps.Clone(emulator.Env())
	env["PULUMI_BACKEND_URL"] = backend.FolderURL(filepath.Join(dir, "backend"))
	env["PULUMI_CONFIG_PASSPHRASE"] = "rehearsal" // There is nothing secret in a rehearsal.
	env["PULUMI_CONFIG_PASSPHRASE_FILE"] = ""
	return env
}

// environment is Environment for a rehearsal: no other variable of the machine reaches
// Pulumi than those that are passed on.
func (o *Options) environment(f *front) map[string]string {
	env := withhold(os.Environ(), passedVariables)
	maps.Copy(env, Environment(f.emulator, f.dir))
	env["PULUMI_HOME"], env["PULUMI_CREDENTIALS_PATH"] = f.home, f.dir // The logins of the user's Pulumi are no concern of a rehearsal's.
	if !o.Faults.Kills() {
		// Nobody goes on from the state of a rehearsal that was broken off, so it is
		// saved when a stack's run ends, and not after each step.
		env["PULUMI_SKIP_CHECKPOINTS"] = "true"
	}
	return env
}

// secretsRegion is where the key of SecretsProvider is.
const secretsRegion = "us-east-1"

// SecretsProvider creates a KMS key in the emulated management account, and returns what
// automation.Options take to encrypt the stacks' secrets by it. A passphrase, Pulumi's
// default, costs every Pulumi process a third of a second of CPU: PBKDF2 hashes it a
// million times.
func SecretsProvider(ctx context.Context, emulator *Emulator) (string, error) {
	key, err := kms.NewFromConfig(emulator.Bare().Config(secretsRegion)).CreateKey(ctx, &kms.CreateKeyInput{
		Description: aws.String("Secrets of the rehearsal's stacks"),
	})
	if err != nil {
		return "", fmt.Errorf("creating a key for the stacks' secrets: %w", err)
	}
	return state.SecretsProvider(aws.ToString(key.KeyMetadata.Arn), secretsRegion), nil
}

// prepare makes an empty copy of the project for the rehearsal, in place of an
// earlier one's. The absolute path is returned. The templates of conformance packs are
// copied, too, so that coldstart's commands can read the copy.
func prepare(project string, org *organization.Organization) (string, error) {
	dir, err := filepath.Abs(filepath.Join(project, Dir))
	if err != nil {
		return "", err
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("removing the last rehearsal: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "backend"), 0o755); err != nil {
		return "", err
	}
	for _, name := range []string{"Pulumi.yaml", organization.File} {
		content, err := os.ReadFile(filepath.Join(project, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content, 0o644)
		}
		if err != nil {
			return "", fmt.Errorf("copying the project: %w", err)
		}
	}
	for _, pack := range org.Security.ConformancePacks {
		if !filepath.IsLocal(pack.File) {
			continue // An absolute path is the same for the copy. Nothing is written outside of it.
		}
		to := filepath.Join(dir, pack.File)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, []byte(pack.Template), 0o644)); err != nil {
			return "", fmt.Errorf("copying a conformance pack's template: %w", err)
		}
	}
	return dir, nil
}
