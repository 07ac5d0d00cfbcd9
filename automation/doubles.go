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
// the description of a key that the run has made, and isn't that one. Nothing was
// ever encrypted with it.
func (s *stack) deleteDoubles(ctx context.Context, begin time.Time) error {
	s.watcher.mu.Lock()
	known := slices.Clone(s.watcher.keys)
	s.watcher.mu.Unlock()
	f := &finder{env: s.a.options.Env, deployment: &apitype.DeploymentV3{Resources: known}, say: s.say}
	for _, key := range known {
		if key.Type != keyType {
			continue
		}
		if err := f.deleteDoubles(ctx, key, begin); err != nil {
			return fmt.Errorf("looking whether the key %s was made twice: %w", key.URN.Name(), err)
		}
	}
	return nil
}

// deleteDoubles does so for one key.
func (f *finder) deleteDoubles(ctx context.Context, key apitype.ResourceV3, begin time.Time) error {
	cfg, err := f.client(ctx, key)
	if err != nil {
		return err
	}
	client := kms.NewFromConfig(cfg)
	return f.eachDouble(ctx, client, input(key, "description"), func(m *kmstypes.KeyMetadata) error {
		if aws.ToTime(m.CreationDate).Before(begin.Add(-clocksDiffer)) {
			return nil
		}
		f.say("the key %s was made twice, since the first answer was lost: deleting %s in %d days", key.URN.Name(), aws.ToString(m.KeyId), doubleDays)
		_, err := client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: m.KeyId, PendingWindowInDays: aws.Int32(doubleDays)})
		return err
	})
}

// eachDouble calls do for each enabled key with the description that isn't known.
func (f *finder) eachDouble(ctx context.Context, client *kms.Client, description string, do func(*kmstypes.KeyMetadata) error) error {
	for pages := kms.NewListKeysPaginator(client, &kms.ListKeysInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, k := range page.Keys {
			key, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyId})
			if err != nil {
				return err
			}
			m := key.KeyMetadata
			if aws.ToString(m.Description) != description || m.KeyState != kmstypes.KeyStateEnabled || f.taken(aws.ToString(m.KeyId)) {
				continue
			}
			if err := do(m); err != nil {
				return err
			}
		}
	}
	return nil
}
