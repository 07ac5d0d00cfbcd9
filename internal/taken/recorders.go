package taken

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// recorder is a recorder of AWS Config that others have made.
type recorder struct {
	types.ConfigurationRecorder
	region string
	bucket string // where it writes; empty for nowhere
}

// otherRecorders finds the recorders that others have made; a region of an account has one. The state doesn't tell whose they are: those of the
// management account are in the state of the archive's account.
// https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html
func otherRecorders(ctx context.Context, l looker) (found []recorder, err error) {
	ours := l.org.Name(l.org.Audit.Account, organization.ConfigName) + "-"
	for _, region := range l.regions() {
		client := configservice.NewFromConfig(l.in(region))
		out, err := client.DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
		if err != nil {
			return nil, err
		}
		channels, err := client.DescribeDeliveryChannels(ctx, &configservice.DescribeDeliveryChannelsInput{})
		if err != nil {
			return nil, err
		}
		bucket := ""
		for _, channel := range channels.DeliveryChannels {
			bucket = aws.ToString(channel.S3BucketName)
		}
		for _, r := range out.ConfigurationRecorders {
			if !strings.HasPrefix(bucket, ours) {
				found = append(found, recorder{r, region, bucket})
			}
		}
	}
	return found, nil
}

// recorders finds recorders that a run takes over.
func recorders(ctx context.Context, l looker) (texts []string, err error) {
	others, err := otherRecorders(ctx, l)
	for _, r := range others {
		if aws.ToString(r.Name) == organization.RecorderName {
			texts = append(texts, fmt.Sprintf("has a recorder of AWS Config in %s that writes to %q: coldstart takes it over, lets it record everything, and has it write to the organization's bucket", r.region, r.bucket))
		}
	}
	return texts, err
}

// namedRecorders finds recorders by whose names AWS refuses coldstart's.
func namedRecorders(ctx context.Context, l looker) (texts []string, err error) {
	others, err := otherRecorders(ctx, l)
	for _, r := range others {
		if name := aws.ToString(r.Name); name != organization.RecorderName {
			texts = append(texts, fmt.Sprintf("has the recorder %s of AWS Config in %s, and AWS refuses a second one: leave coldstart:security.config out if whoever made it is to go on, such as Control Tower; "+
				"or delete it first, `aws configservice delete-configuration-recorder --configuration-recorder-name %[1]s --region %[2]s`, and its delivery channel", name, r.region))
		}
	}
	return texts, err
}
