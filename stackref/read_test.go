package stackref_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/stackref"
)

// needArchive wants an archive of the audit stack.
func needArchive(a stackref.Audit) error {
	if a.ArchiveBucket == "" {
		return errors.New("there is no archive")
	}
	return nil
}

// read reads the audit stack's outputs, which are those given, and exports the
// archive's bucket.
func read(t *testing.T, preview bool, answer pulumitest.Answer) *pulumitest.Result {
	t.Helper()
	return pulumitest.Run{Preview: preview, Answers: map[string]pulumitest.Answer{pulumitest.ReadStackOutputs: answer}}.
		Do(t, func(ctx *pulumi.Context) error {
			ref, err := stackref.Read(ctx, nil, "audit", needArchive)
			if err != nil {
				return err
			}
			ctx.Export("known", pulumi.Bool(ref.Known()))
			ctx.Export("bucket", ref.String(func(a stackref.Audit) string { return a.ArchiveBucket }))
			ctx.Export("made", pulumi.Sprintf("s3://%s", ref.String(func(a stackref.Audit) string { return a.ArchiveBucket })))
			return nil
		})
}

func stacks(outputs map[string]any) pulumitest.Answer {
	return pulumitest.Stacks(map[string]map[string]any{"audit": outputs})
}

func TestRead(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		// A newer program may export more than this one knows.
		result := read(t, preview, stacks(map[string]any{"archiveBucket": "logs", "accountId": "123456789012", "fromTheFuture": []any{1.0}}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		if diff := cmp.Diff(map[string]any{"known": true, "bucket": "logs", "made": "s3://logs"}, result.Exports); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		// The reference makes Pulumi note the dependency.
		if result.Resource(t, pulumitest.StackReference, "organization/coldstart/audit"); len(result.Resources) != 1 {
			t.Errorf("registered %v", result.URNs())
		}
		if len(result.Messages) != 0 {
			t.Errorf("said: %v", result.Messages)
		}
	})
}

// TestReadWithout reads a stack that lacks what is needed.
func TestReadWithout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer pulumitest.Answer
		why    string
	}{
		{"no stack", pulumitest.Stacks(nil), "stack audit hasn't run yet"},
		{"no outputs", stacks(map[string]any{}), "stack audit hasn't run yet"},
		{"no archive", stacks(map[string]any{"accountId": "123456789012"}), "there is no archive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			result := read(t, false, c.answer)
			want := c.why + ": run `pulumi up --stack audit` first, or `coldstart up`, which runs all stacks in order"
			if result.Err == nil || !strings.Contains(result.Err.Error(), want) {
				t.Errorf("update: got %v, not %s", result.Err, want)
			}
			result = read(t, true, c.answer)
			if result.Err != nil {
				t.Fatal(result.Err)
			}
			want = c.why + ", so its ids are unknown in this preview; an update needs `pulumi up --stack audit` first"
			if diff := cmp.Diff([]string{want}, result.Messages); diff != "" {
				t.Errorf("preview says: (-want +got)\n%s", diff)
			}
			exports := map[string]any{"known": false, "bucket": pulumitest.Unknown, "made": pulumitest.Unknown}
			if diff := cmp.Diff(exports, result.Exports); diff != "" {
				t.Errorf("preview: (-want +got)\n%s", diff)
			}
			// A reference to a stack that doesn't exist would fail in the engine.
			if c.why == "stack audit hasn't run yet" && len(result.Resources) != 0 {
				t.Errorf("registered %v", result.URNs())
			}
		})
	}
}

// TestReadPart reads a stack that lacks a part of what is needed: only that is unknown.
func TestReadPart(t *testing.T) {
	t.Parallel()
	outputs := map[string]any{"organizationId": "o-1", "accounts": map[string]any{"old": map[string]any{"id": "111111111111"}}}
	for _, preview := range []bool{true, false} {
		result := pulumitest.Run{Preview: preview, Answers: map[string]pulumitest.Answer{
			pulumitest.ReadStackOutputs: pulumitest.Stacks(map[string]map[string]any{"master": outputs}),
		}}.Do(t, func(ctx *pulumi.Context) error {
			ref, err := stackref.Read(ctx, nil, "master", func(m stackref.Master) error {
				if m.Accounts["new"].ID == "" {
					return errors.New("account new isn't in stack master yet")
				}
				return nil
			})
			if err != nil {
				return err
			}
			ctx.Export("known", pulumi.Bool(ref.Known()))
			ctx.Export("organization", ref.String(func(m stackref.Master) string { return m.OrganizationID }))
			ctx.Export("old", ref.String(func(m stackref.Master) string { return m.Accounts["old"].ID }))
			ctx.Export("new", ref.String(func(m stackref.Master) string { return m.Accounts["new"].ID }))
			return nil
		})
		if !preview {
			if result.Err == nil || !strings.Contains(result.Err.Error(), "account new isn't in stack master yet: run `pulumi up --stack master` first") {
				t.Errorf("an update: %v", result.Err)
			}
			continue
		}
		want := map[string]any{"known": false, "organization": "o-1", "old": "111111111111", "new": pulumitest.Unknown}
		if diff := cmp.Diff(want, result.Exports); diff != "" || result.Err != nil {
			t.Errorf("%v (-want +got)\n%s", result.Err, diff)
		}
	}
}

// TestReadFails doesn't take any error for a stack that hasn't run.
func TestReadFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer pulumitest.Answer
		want   string
	}{
		{"backend", func(map[string]any) (map[string]any, error) { return nil, errors.New("no such host") }, "reading the outputs of stack audit: no such host"},
		{"other program", stacks(map[string]any{"archiveBucket": 1.0}), "was it made by another program?"},
	} {
		pulumitest.Both(t, func(t *testing.T, preview bool) {
			result := read(t, preview, c.answer)
			if result.Err == nil || !strings.Contains(result.Err.Error(), c.want) {
				t.Errorf("%s: got %v", c.name, result.Err)
			}
		})
	}
}

func TestPrevious(t *testing.T) {
	t.Parallel()
	for name, outputs := range map[string]map[string]map[string]any{
		"never ran": {},
		"ran":       {"prod": {"accountId": "123456789012"}, "dev": {"accountId": "210987654321"}},
	} {
		var previous *stackref.MemberStack
		result := pulumitest.Run{Stack: "prod", Answers: map[string]pulumitest.Answer{pulumitest.ReadStackOutputs: pulumitest.Stacks(outputs)}}.
			Do(t, func(ctx *pulumi.Context) (err error) {
				previous, err = stackref.Previous[stackref.MemberStack](ctx)
				return err
			})
		if result.Err != nil || len(result.Resources) != 0 {
			t.Errorf("%s: got %v and %v", name, result.Err, result.URNs())
		}
		if ran := name == "ran"; (previous != nil) != ran || ran && previous.AccountID != "123456789012" {
			t.Errorf("%s: got %+v", name, previous)
		}
	}
}
