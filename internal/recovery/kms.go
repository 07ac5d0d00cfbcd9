package recovery

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// key finds the enabled key that has the description and isn't in the state.
func key(ctx context.Context, f *Finder, r Resource) (id string, err error) {
	cfg, err := f.Config(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	err = f.eachUnknown(ctx, kms.NewFromConfig(cfg), func(m *types.KeyMetadata) error {
		if aws.ToString(m.Description) == r.text("description") {
			id = aws.ToString(m.KeyId)
		}
		return nil
	})
	return id, err
}

// aliasOfOurs reports whether a key's alias belongs to a key in the state.
func aliasOfOurs(ctx context.Context, f *Finder, cfg aws.Config, r Resource) (bool, error) {
	key, err := kms.NewFromConfig(cfg).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(r.text("name"))})
	if err != nil {
		return false, err
	}
	return f.Has(aws.ToString(key.KeyMetadata.KeyId)), nil
}

// doubleDays is for how many days the deletion of a second key can be cancelled.
const doubleDays = 30

// clocksDiffer is how far AWS's clock may be behind this machine's.
const clocksDiffer = 5 * time.Minute

// DeleteDoubles schedules the deletion of keys that were created a second time. KMS creates a
// key for each call. If the answer to a call is lost, the provider's SDK makes the call again
// without saying so, and nobody knows the id of the first key. keys are the keys that the run
// has created or found in one account; there is at least one. A second key is enabled, isn't
// older than begin, has the description of one of keys, has no alias, and isn't in the state.
// Nothing was ever encrypted with it.
func (f *Finder) DeleteDoubles(ctx context.Context, keys []Resource, begin time.Time) error {
	cfg, err := f.Config(ctx, keys[0].Provider)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, key := range keys {
		names[key.text("description")] = key.Name
	}
	client := kms.NewFromConfig(cfg)
	return f.eachUnknown(ctx, client, func(m *types.KeyMetadata) error {
		name, double := names[aws.ToString(m.Description)]
		if !double || aws.ToTime(m.CreationDate).Before(begin.Add(-clocksDiffer)) {
			return nil
		}
		// The key that is used has an alias. A key that a destroy has kept has its alias, too.
		aliases, err := client.ListAliases(ctx, &kms.ListAliasesInput{KeyId: m.KeyId})
		if err != nil || len(aliases.Aliases) > 0 {
			return err
		}
		f.Say("the key %s was made twice, since the first answer was lost: deleting %s in %d days", name, aws.ToString(m.KeyId), doubleDays)
		_, err = client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: m.KeyId, PendingWindowInDays: aws.Int32(doubleDays)})
		return err
	})
}

// eachUnknown calls do for each enabled key that the state doesn't have.
func (f *Finder) eachUnknown(ctx context.Context, client *kms.Client, do func(*types.KeyMetadata) error) error {
	for pages := kms.NewListKeysPaginator(client, &kms.ListKeysInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, k := range page.Keys {
			if f.Has(aws.ToString(k.KeyId)) {
				continue
			}
			key, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyId})
			if err != nil {
				return err
			}
			if key.KeyMetadata.KeyState != types.KeyStateEnabled {
				continue
			}
			if err := do(key.KeyMetadata); err != nil {
				return err
			}
		}
	}
	return nil
}
