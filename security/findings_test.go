package security_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/eventpattern"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/security"
)

func TestFindings(t *testing.T) {
	t.Parallel()
	pulumitest.Both(t, func(t *testing.T, preview bool) {
		result := pulumitest.Run{Preview: preview}.Do(t, pulumitest.In("security", func(ctx *pulumi.Context, in pulumi.ResourceOption) error {
			_, err := security.NewFindings(ctx, "findings", &security.FindingsArgs{
				Name: "acme-security-findings", AccountID: pulumi.String("111111111111"), Address: "soc@acme.example",
			}, in)
			return err
		}))
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		result.CheckProviders(t, "security")
		result.CheckPolicies(t)
		rule, target := result.Resource(t, pulumitest.EventRule, "findings"), result.Resource(t, pulumitest.EventTarget, "findings")
		if !target.Waits(rule) || !target.Waits(result.Resource(t, pulumitest.Topic, "findings")) || target.At("roleArn") != nil {
			t.Errorf("the target is %v", target.Inputs)
		}
		pattern, _ := rule.At("eventPattern").(string)
		if _, err := eventpattern.Parse(pattern); err != nil {
			t.Error(err)
		}
		checkMessage(t, target)
		if preview {
			return
		}
		const policy = `{"Version":"2012-10-17","Statement":[{"Sid":"Findings","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish",` +
			`"Resource":"arn:aws:sns:us-west-2:111111111111:acme-security-findings"}]}`
		if got := result.Resource(t, pulumitest.TopicPolicy, "findings").At("policy"); got != policy {
			t.Errorf("the topic's policy is %v", got)
		}
	})
}

// checkMessage checks that the message has every part that is taken out of a finding, and no other, where EventBridge quotes it.
func checkMessage(t *testing.T, target pulumitest.Resource) {
	t.Helper()
	template, _ := target.At("inputTransformer", "inputTemplate").(string)
	paths, _ := target.At("inputTransformer", "inputPaths").(map[string]any)
	placeholders := regexp.MustCompile(`: <(\w+)>`).FindAllStringSubmatch(template, -1)
	for _, found := range placeholders {
		if path, _ := paths[found[1]].(string); !strings.HasPrefix(path, "$.detail.findings[0].") {
			t.Errorf("%s is %q", found[1], path)
		}
	}
	if len(placeholders) != len(paths) || len(placeholders) != strings.Count(template, "<") || slices.Contains(strings.Split(template, "\n"), "") {
		t.Errorf("the message is\n%s", template)
	}
}
