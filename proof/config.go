package proof

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// proveConfig proves AWS Config: its bucket in the account that has it, the recorders of every account, and the aggregator.
func (p *prover) proveConfig(ctx context.Context, a *account) {
	if !p.org.Recorded() {
		return
	}
	if p.org.HoldsArchive(a.name) {
		p.proveConfigBucket(ctx, a)
	}
	for _, region := range p.org.Regions() {
		client := configservice.NewFromConfig(a.cfg, func(o *configservice.Options) { o.Region = region })
		a.claim(SubjectSettings, fmt.Sprintf("AWS Config records every resource in %s (%s)", region, p.org.Security.Config), func() error {
			return p.checkRecorder(ctx, client, region)
		})
		a.claim(SubjectSettings, "AWS Config writes to the organization's bucket from "+region, func() error { return p.checkChannel(ctx, client) })
	}
	if a.name == p.org.AdministratorOf(organization.ConfigService) {
		a.claim(SubjectSettings, "AWS Config shows what all accounts have in every allowed region", func() error { return p.checkAggregated(ctx, a) })
	}
}

// configBucket returns the name of the bucket that AWS Config writes to.
func (p *prover) configBucket() (string, error) {
	i := slices.IndexFunc(p.accounts, func(a *account) bool { return p.org.HoldsArchive(a.name) })
	if i < 0 || p.accounts[i].id == "" {
		return "", errors.New("the account of the archive isn't there")
	}
	return p.org.Name(p.org.Audit.Account, organization.ConfigName) + "-" + p.accounts[i].id, nil
}

func (p *prover) proveConfigBucket(ctx context.Context, a *account) {
	a.proveDelivered(ctx, p, delivered{
		name: organization.ConfigName, service: "AWS Config", principal: organization.ConfigService, writers: "recorders of the organization's accounts", accounts: p.accountIDs(),
	})
}

// accountIDs returns the ids of all declared accounts.
func (p *prover) accountIDs() (ids []string) {
	for _, a := range p.accounts {
		ids = append(ids, a.id)
	}
	return ids
}

// checkRecorder checks that the region's recorder is on, and what it records. The organization's region alone records IAM.
func (p *prover) checkRecorder(ctx context.Context, client *configservice.Client, region string) error {
	out, err := client.DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
	switch {
	case err != nil:
		return err
	case len(out.ConfigurationRecorders) == 0:
		return errors.New("there is no recorder")
	}
	if err := records(out.ConfigurationRecorders[0], p.org.Security.Config, region == p.org.Region); err != nil {
		return err
	}
	status, err := client.DescribeConfigurationRecorderStatus(ctx, &configservice.DescribeConfigurationRecorderStatusInput{})
	if err != nil {
		return err
	}
	for _, s := range status.ConfigurationRecordersStatus {
		if !s.Recording {
			return fmt.Errorf("the recorder %s is off", aws.ToString(s.Name))
		}
		if s.LastStatus == configtypes.RecorderStatusFailure {
			return fmt.Errorf("the recorder %s fails: %s: %s", aws.ToString(s.Name), aws.ToString(s.LastErrorCode), aws.ToString(s.LastErrorMessage))
		}
	}
	return nil
}

// records checks what a recorder records.
func records(r configtypes.ConfigurationRecorder, want organization.Recording, iam bool) error {
	group, mode := r.RecordingGroup, r.RecordingMode
	switch {
	case group == nil || !group.AllSupported:
		return fmt.Errorf("the recorder %s doesn't record every type of resource", aws.ToString(r.Name))
	case group.IncludeGlobalResourceTypes != iam:
		return fmt.Errorf("the recorder %s records IAM: %t", aws.ToString(r.Name), group.IncludeGlobalResourceTypes)
	case mode == nil || string(mode.RecordingFrequency) != want.Frequency():
		return fmt.Errorf("the recorder %s doesn't record %s", aws.ToString(r.Name), want.Frequency())
	}
	return nil
}

func (p *prover) checkChannel(ctx context.Context, client *configservice.Client) error {
	want, err := p.configBucket()
	if err != nil {
		return err
	}
	out, err := client.DescribeDeliveryChannels(ctx, &configservice.DescribeDeliveryChannelsInput{})
	switch {
	case err != nil:
		return err
	case len(out.DeliveryChannels) == 0:
		return errors.New("there is no delivery channel")
	}
	if is := aws.ToString(out.DeliveryChannels[0].S3BucketName); is != want {
		return fmt.Errorf("it writes to %s", is)
	}
	return nil
}

func (p *prover) checkAggregated(ctx context.Context, a *account) error {
	client, name := configservice.NewFromConfig(a.cfg), p.org.Name(a.name, organization.AggregatorName)
	out, err := client.DescribeConfigurationAggregators(ctx, &configservice.DescribeConfigurationAggregatorsInput{ConfigurationAggregatorNames: []string{name}})
	if err != nil {
		return err
	}
	want := p.org.Regions()
	for _, aggregator := range out.ConfigurationAggregators {
		if of := aggregator.OrganizationAggregationSource; of != nil && (of.AllAwsRegions || sameSet(of.AwsRegions, want)) {
			return nil
		}
	}
	return fmt.Errorf("the aggregator %s doesn't show every account in %s", name, listed(want))
}
