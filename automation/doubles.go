package automation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

const keyType = "aws:kms/key:Key"

// doubleDays is for how long a key that was made twice can be had back.
const doubleDays = 30

// clocksDiffer is how much later than ours AWS's clock may be.
const clocksDiffer = 5 * time.Minute

// noteKey keeps what deleteDoubles needs: the keys that this run has made or found,
// and the providers. The caller holds mu.
func (w *watcher) noteKey(r apitype.ResourceV3) {
	if r.Type == keyType && r.ID != "" || strings.HasPrefix(string(r.Type), "pulumi:providers:") {
		w.keys = append(w.keys, r)
	}
}

// noteFound is noteKey for what was found in AWS.
func (w *watcher) noteFound(r apitype.ResourceV3) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noteKey(r)
}

// noteStep is noteKey for a step of the engine's.
func (w *watcher) noteStep(m apitype.StepEventMetadata) {
	made := m.Op == apitype.OpCreate || m.Op == apitype.OpCreateReplacement
	if m.New != nil && (made || m.Type != keyType) {
		w.noteKey(apitype.ResourceV3{
			URN: resource.URN(m.URN), Type: tokens.Type(m.Type), ID: resource.ID(m.New.ID), Inputs: m.New.Inputs, Provider: m.New.Provider,
		})
	}
}

// deleteDoubles schedules the deletion of keys that nobody knows of: KMS makes a key
// for each call, and a call whose answer is lost is made again by the provider's SDK,
// which says nothing about it. Such a key is enabled, isn't older than the run, has
// the description of a key that the run has made, has no alias, and isn't that one.
// Nothing was ever encrypted with it.
func (s *stack) deleteDoubles(ctx context.Context, begin time.Time) error {
	s.watcher.mu.Lock()
	known := slices.Clone(s.watcher.keys)
	s.watcher.mu.Unlock()
	f := &finder{env: s.a.options.Env, deployment: &apitype.DeploymentV3{Resources: known}, say: s.say}
	made := map[string][]apitype.ResourceV3{} // By provider: each is one account's.
	for _, r := range known {
		if r.Type == keyType {
			made[r.Provider] = append(made[r.Provider], r)
		}
	}
	for _, keys := range made {
		if err := f.deleteDoubles(ctx, keys, begin); err != nil {
			return fmt.Errorf("looking for keys that were made twice: %w", err)
		}
	}
	return nil
}

// deleteDoubles does so for the keys of one account.
func (f *finder) deleteDoubles(ctx context.Context, keys []apitype.ResourceV3, begin time.Time) error {
	cfg, err := f.client(ctx, keys[0])
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, key := range keys {
		names[input(key, "description")] = key.URN.Name()
	}
	client := kms.NewFromConfig(cfg)
	return f.eachUnknown(ctx, client, func(m *kmstypes.KeyMetadata) error {
		name, double := names[aws.ToString(m.Description)]
		if !double || aws.ToTime(m.CreationDate).Before(begin.Add(-clocksDiffer)) {
			return nil
		}
		// An alias is made for the key that is used, and stays with one that a destroy kept.
		aliases, err := client.ListAliases(ctx, &kms.ListAliasesInput{KeyId: m.KeyId})
		if err != nil || len(aliases.Aliases) > 0 {
			return err
		}
		f.say("the key %s was made twice, since the first answer was lost: deleting %s in %d days", name, aws.ToString(m.KeyId), doubleDays)
		_, err = client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: m.KeyId, PendingWindowInDays: aws.Int32(doubleDays)})
		return err
	})
}

// eachUnknown calls do for each enabled key that the state doesn't have.
func (f *finder) eachUnknown(ctx context.Context, client *kms.Client, do func(*kmstypes.KeyMetadata) error) error {
	for pages := kms.NewListKeysPaginator(client, &kms.ListKeysInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, k := range page.Keys {
			if f.taken(aws.ToString(k.KeyId)) {
				continue
			}
			key, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyId})
			if err != nil {
				return err
			}
			if key.KeyMetadata.KeyState != kmstypes.KeyStateEnabled {
				continue
			}
			if err := do(key.KeyMetadata); err != nil {
				return err
			}
		}
	}
	return nil
}
