//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
)

// recorded is an organization that AWS Config records, and that Security Hub judges.
const recorded = `
config:
  coldstart:namespace: watch
  coldstart:domain: watch.example
  coldstart:region: eu-west-1
  coldstart:email: aws+%s@watch.example
  coldstart:units: { work: {} }
  coldstart:accounts: { audit: {}, sec: {}, app: { unit: work } }
  coldstart:guardrails: { regions: [eu-west-1] }
  coldstart:security: { account: sec, config: daily, securityHub: { standards: [aws-foundational-security-best-practices/v/1.0.0] } }
`

// TestConfig starts an organization with AWS Config and standards of Security Hub, which come up at the first try although the standards
// take the recorders. It adds a region, an account and a unit's own standards, records continuously, and turns AWS Config off.
func TestConfig(t *testing.T) {
	begin(t)
	w := newWorld(t, recorded)
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	for _, name := range []string{"", "app", "audit", "sec"} {
		w.records(name, "eu-west-1", types.RecordingFrequencyDaily)
	}

	more := strings.NewReplacer("regions: [eu-west-1]", "regions: [eu-west-1, eu-central-1]", "app: { unit: work }", "app: { unit: work }, lab: {}",
		"work: {}", "work: { standards: [] }", "config: daily", "config: continuous").Replace(recorded)
	w.declare(more)
	w.up()
	w.unchanged()
	w.undrifted()
	w.proved()
	for _, name := range []string{"", "app", "audit", "lab", "sec"} {
		w.records(name, "eu-west-1", types.RecordingFrequencyContinuous)
		w.records(name, "eu-central-1", types.RecordingFrequencyContinuous)
	}

	// Whoever stops a recorder is found, and the next up starts it again.
	_, err := w.config("app", "eu-central-1").StopConfigurationRecorder(context.Background(), &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")})
	must(t, err)
	out, err := w.run(coldstart(), "drift")
	if exitCode(err) != 3 {
		t.Errorf("a recorder that was stopped is no drift: %v", err)
	}
	contains(t, out, "cfg.RecorderStatus")
	if strings.Contains(out, "cloudtrail.Trail") {
		t.Error("a trail that nobody has changed is drift, after a refresh")
	}
	w.ok(coldstart(), "refresh")
	w.up()
	w.proved()

	off := strings.NewReplacer("config: continuous, ", "", "standards: [aws-foundational-security-best-practices/v/1.0.0]", "").Replace(more)
	w.declare(off)
	contains(t, w.ok(coldstart(), "preview"), "AWS Config stops recording. What it has recorded stays in its bucket")
	w.up()
	w.unchanged()
	w.proved()
	left, err := w.config("app", "eu-west-1").DescribeConfigurationRecorders(context.Background(), &configservice.DescribeConfigurationRecordersInput{})
	must(t, err)
	if len(left.ConfigurationRecorders) > 0 {
		t.Errorf("recorders are left: %+v", left.ConfigurationRecorders)
	}

	// Its bucket and its role are there when it is on again, but not while somebody has a recorder of another name.
	w.declare(more)
	mine, client := "mine", w.config("app", "eu-west-1")
	app, archive := aws.ToString(w.accounts()["aws+app@watch.example"].Id), aws.ToString(w.accounts()["aws+audit@watch.example"].Id)
	_, err = client.PutConfigurationRecorder(context.Background(), &configservice.PutConfigurationRecorderInput{ConfigurationRecorder: &types.ConfigurationRecorder{
		Name: &mine, RoleARN: aws.String("arn:aws:iam::" + app + ":role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"), RecordingGroup: &types.RecordingGroup{AllSupported: true},
	}})
	must(t, err)
	_, err = client.PutDeliveryChannel(context.Background(), &configservice.PutDeliveryChannelInput{DeliveryChannel: &types.DeliveryChannel{
		Name: &mine, S3BucketName: aws.String("watch-audit-config-" + archive),
	}})
	must(t, err)
	_, err = client.StartConfigurationRecorder(context.Background(), &configservice.StartConfigurationRecorderInput{ConfigurationRecorderName: &mine})
	must(t, err)
	w.takesAway(client, mine)
	w.up()
	w.unchanged()
	w.proved()
}

// takesAway finds that a recorder and a channel of another name stop a preview, and does what the preview says.
func (w *world) takesAway(client *configservice.Client, name string) {
	w.t.Helper()
	out, err := w.run(coldstart(), "preview")
	if err == nil {
		w.t.Error("AWS gets a second recorder")
	}
	contains(w.t, out, "account app has the delivery channel mine and the recorder mine of AWS Config in eu-west-1, and AWS refuses a second one",
		"`aws configservice stop-configuration-recorder --configuration-recorder-name mine --region eu-west-1`, "+
			"`aws configservice delete-delivery-channel --delivery-channel-name mine --region eu-west-1`, "+
			"`aws configservice delete-configuration-recorder --configuration-recorder-name mine --region eu-west-1`")
	_, err = client.StopConfigurationRecorder(context.Background(), &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: &name})
	must(w.t, err)
	_, err = client.DeleteDeliveryChannel(context.Background(), &configservice.DeleteDeliveryChannelInput{DeliveryChannelName: &name})
	must(w.t, err)
	_, err = client.DeleteConfigurationRecorder(context.Background(), &configservice.DeleteConfigurationRecorderInput{ConfigurationRecorderName: &name})
	must(w.t, err)
}

// records checks that AWS Config records in an account and region, and how often.
func (w *world) records(name, region string, want types.RecordingFrequency) {
	w.t.Helper()
	client := w.config(name, region)
	recorders, err := client.DescribeConfigurationRecorders(context.Background(), &configservice.DescribeConfigurationRecordersInput{})
	must(w.t, err)
	status, err := client.DescribeConfigurationRecorderStatus(context.Background(), &configservice.DescribeConfigurationRecorderStatusInput{})
	must(w.t, err)
	if len(recorders.ConfigurationRecorders) != 1 || len(status.ConfigurationRecordersStatus) != 1 || !status.ConfigurationRecordersStatus[0].Recording {
		w.t.Fatalf("%q has the recorders %+v in %s: %+v", name, recorders.ConfigurationRecorders, region, status.ConfigurationRecordersStatus)
	}
	if mode := recorders.ConfigurationRecorders[0].RecordingMode; mode == nil || mode.RecordingFrequency != want {
		w.t.Errorf("%q records %+v in %s", name, mode, region)
	}
}

// config returns a client in an account; in the management account if name is empty.
func (w *world) config(name, region string) *configservice.Client {
	w.t.Helper()
	return configservice.NewFromConfig(w.watched(name, region))
}
