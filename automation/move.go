package automation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/organization"
)

// Destination is where MoveState moves state to.
type Destination struct {
	// Backend is its URL, as in Options.
	Backend string
	// SecretsProvider encrypts the secrets there, as in Options.
	SecretsProvider string
}

// MoveState moves the state of all stacks to another backend, and proves by a
// preview there that nothing would change. What is where it was stays there as it
// is; nothing uses it any more once Options.Backend, PULUMI_BACKEND_URL or
// Pulumi.yaml name the other one. If anything fails, the destination is as it was.
// Secrets are in clear in this process only.
func (a *Automation) MoveState(ctx context.Context, to Destination) (err error) {
	existing, err := a.existing(ctx)
	if err != nil {
		return err
	}
	stacks := slices.DeleteFunc(a.org.Stacks(), func(s organization.Stack) bool { return !existing[s.Name] })
	if len(stacks) == 0 {
		return errors.New("there is no state to move: no stack has run in this backend")
	}
	phrase, err := a.passphrase(to)
	if err != nil {
		return err
	}
	common := &shared{events: newQueue(a.listener())}
	defer common.events.close()
	for _, s := range stacks {
		_, release, err := a.stack(s, common).exclusive(ctx)
		if err != nil {
			return err
		}
		defer release()
	}
	if err := a.unchanged(ctx, stacks, "before the move: run `coldstart up` first"); err != nil {
		return err
	}
	there, err := a.at(to)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(there.options.Dir) }()
	taken, err := there.existing(ctx)
	if err != nil {
		return fmt.Errorf("looking at %s, where the state is to go: %w", to.Backend, err)
	}
	for _, s := range stacks {
		if taken[s.Name] {
			return fmt.Errorf("stack %s is in %s already, perhaps of an earlier move: nothing was moved; remove it there if you know that it isn't needed (`pulumi stack rm %s --force`)", s.Name, to.Backend, s.Name)
		}
	}
	var moved []organization.Stack
	defer func() {
		if err != nil {
			err = errors.Join(err, there.remove(context.WithoutCancel(ctx), moved))
		}
	}()
	for _, s := range stacks {
		moved = append(moved, s)
		if err := a.stack(s, common).moveTo(ctx, there, to.SecretsProvider, phrase); err != nil {
			return fmt.Errorf("moving stack %s: %w", s.Name, err)
		}
	}
	if err := there.unchanged(ctx, moved, "in "+to.Backend+", where they shouldn't; nothing was moved"); err != nil {
		return err
	}
	return a.takeSettings(there, moved)
}

// unchanged returns an error unless a preview of the stacks shows no changes.
func (a *Automation) unchanged(ctx context.Context, stacks []organization.Stack, where string) error {
	result, err := a.Preview(ctx, namesOf(stacks)...)
	if err == nil {
		err = result.Err()
	}
	if err != nil {
		return err
	}
	if n := result.Changes().Changed(); n > 0 {
		return fmt.Errorf("a preview shows %s %s", count(n, "change"), where)
	}
	return nil
}

// at returns an Automation for the same organization at another backend, with a
// scratch folder of its own for the stacks' settings.
func (a *Automation) at(to Destination) (*Automation, error) {
	dir, err := os.MkdirTemp("", "coldstart-move-")
	if err != nil {
		return nil, err
	}
	options := a.options
	if to.Backend, err = backend.Absolute(a.options.Dir, to.Backend); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	options.Dir, options.Backend, options.SecretsProvider = dir, to.Backend, to.SecretsProvider
	options.Env = maps.Clone(a.options.Env)
	there, err := func() (*Automation, error) {
		files, err := filepath.Glob(filepath.Join(a.options.Dir, "Pulumi*.yaml"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, filepath.Base(file)), encryptionLines.ReplaceAll(content, nil), 0o600)
			}
			if err != nil {
				return nil, err
			}
		}
		return New(a.org, options)
	}()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return there, nil
}

// encryptionLines matches the lines of a stack's settings that say how its secrets are
// encrypted.
var encryptionLines = regexp.MustCompile(`(?m)^(encryptionsalt|encryptedkey|secretsprovider):.*\n?`)

// passphrase returns the passphrase that secrets are to be encrypted with at a
// destination, and "" if something else encrypts them.
func (a *Automation) passphrase(to Destination) (string, error) {
	service := strings.HasPrefix(to.Backend, "http://") || strings.HasPrefix(to.Backend, "https://")
	if to.SecretsProvider != "passphrase" && (service || !slices.Contains([]string{"", "default"}, to.SecretsProvider)) {
		return "", nil
	}
	if phrase := a.getenv("PULUMI_CONFIG_PASSPHRASE"); phrase != "" {
		return phrase, nil
	}
	file := a.getenv("PULUMI_CONFIG_PASSPHRASE_FILE")
	if file == "" {
		return "", fmt.Errorf("nothing was moved: secrets in %s would be encrypted by a passphrase, and PULUMI_CONFIG_PASSPHRASE isn't set", to.Backend)
	}
	phrase, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("nothing was moved: PULUMI_CONFIG_PASSPHRASE_FILE: %w", err)
	}
	return strings.TrimSpace(string(phrase)), nil
}

// moveTo writes the stack's state into another backend. The passphrase is what encrypts
// its secrets there, if one does.
func (s *stack) moveTo(ctx context.Context, there *Automation, secrets, passphrase string) error {
	handle, err := s.here(ctx)
	if err != nil {
		return err
	}
	envelope, deployment, err := s.deployment(ctx, handle)
	if err != nil {
		return err
	}
	if n := len(deployment.PendingOperations); n > 0 {
		return fmt.Errorf("an earlier run was killed while %s were under way: run `coldstart up %s` first", count(n, "change"), s.name)
	}
	if err := s.create(ctx, there.options.Dir, there.options.Env, secrets); err != nil {
		return err
	}
	s.say("moving")
	if err := s.imported(ctx, there.options.Dir, there.options.Env, envelope); err != nil {
		return err
	}
	// State that is imported stays encrypted as it was. Without a terminal the new
	// passphrase is what Pulumi reads from its standard input, whatever the variables say.
	ws, err := there.workspace(ctx, there.options.Dir, there.options.Env, nil)
	if err != nil {
		return err
	}
	return runIn(ctx, ws, strings.NewReader(passphrase+"\n"), "stack", "change-secrets-provider", cmp.Or(secrets, "default"), "--stack", s.name)
}

// remove takes back what was moved.
func (a *Automation) remove(ctx context.Context, stacks []organization.Stack) error {
	existing, err := a.existing(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range stacks {
		if existing[s.Name] {
			errs = append(errs, a.stack(s, &shared{}).pulumi(ctx, "stack", "rm", "--force", "--yes", "--preserve-config"))
		}
	}
	return errors.Join(errs...)
}

// takeSettings puts what says how the stacks' secrets are encrypted there into
// the project's folder.
func (a *Automation) takeSettings(there *Automation, stacks []organization.Stack) error {
	for _, s := range stacks {
		_, e, err := readSettings(settingsFile(there.options.Dir, s.Name))
		if err == nil {
			err = writeEncryption(settingsFile(a.options.Dir, s.Name), e)
		}
		if err != nil {
			return fmt.Errorf("the state has moved, but Pulumi.%s.yaml doesn't say how its secrets are encrypted: %w", s.Name, err)
		}
	}
	return nil
}
