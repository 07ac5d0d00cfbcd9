package taken

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// recorder is a recorder of AWS Config that others have made, and its delivery channel.
type recorder struct {
	name, region string
	channel      types.DeliveryChannel // empty for none
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
		channel := types.DeliveryChannel{}
		for _, c := range channels.DeliveryChannels {
			channel = c
		}
		for _, r := range out.ConfigurationRecorders {
			mine := aws.ToString(r.Name) == organization.RecorderName && aws.ToString(channel.Name) == organization.RecorderName
			if !mine || !strings.HasPrefix(aws.ToString(channel.S3BucketName), ours) {
				found = append(found, recorder{aws.ToString(r.Name), region, channel})
			}
		}
	}
	return found, nil
}

// recorders finds recorders that a run takes over.
func recorders(ctx context.Context, l looker) (texts []string, err error) {
	others, err := otherRecorders(ctx, l)
	for _, r := range others {
		if r.name == organization.RecorderName {
			texts = append(texts, fmt.Sprintf("has a recorder of AWS Config in %s that writes to %q: coldstart takes it over, lets it record everything, and has it write to the organization's bucket",
				r.region, aws.ToString(r.channel.S3BucketName)))
		}
	}
	return texts, err
}

// namedRecorders finds recorders and delivery channels by whose names AWS refuses coldstart's.
func namedRecorders(ctx context.Context, l looker) (texts []string, err error) {
	others, err := otherRecorders(ctx, l)
	for _, r := range others {
		channel := aws.ToString(r.channel.Name)
		named, commands := []string{}, []string{"stop-configuration-recorder --configuration-recorder-name " + r.name}
		if channel != "" && channel != organization.RecorderName {
			named, commands = append(named, "the delivery channel "+channel), append(commands, "delete-delivery-channel --delivery-channel-name "+channel)
		}
		if r.name != organization.RecorderName {
			named, commands = append(named, "the recorder "+r.name), append(commands, "delete-configuration-recorder --configuration-recorder-name "+r.name)
		}
		if len(named) == 0 {
			continue
		}
		for i := range commands {
			commands[i] = "`aws configservice " + commands[i] + " --region " + r.region + "`"
		}
		texts = append(texts, fmt.Sprintf("has %s of AWS Config in %s, and AWS refuses a second one: leave coldstart:security.config out if whoever made it is to go on, such as Control Tower; or take it away first, by %s",
			strings.Join(named, " and "), r.region, strings.Join(commands, ", ")))
	}
	return texts, err
}

// Unrecorded returns the regions in which AWS Config doesn't record an account; all of them with an error.
// https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeConfigurationRecorderStatus.html
func Unrecorded(ctx context.Context, cfg aws.Config, regions []string) (without []string, err error) {
	client := configservice.NewFromConfig(cfg)
	for _, region := range regions {
		out, err := client.DescribeConfigurationRecorderStatus(ctx, &configservice.DescribeConfigurationRecorderStatusInput{}, func(o *configservice.Options) { o.Region = region })
		if err != nil {
			return regions, err
		}
		if !slices.ContainsFunc(out.ConfigurationRecordersStatus, func(s types.ConfigurationRecorderStatus) bool { return s.Recording }) {
			without = append(without, region)
		}
	}
	return without, nil
}
