package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// client returns a configuration that works in the account of the resource's
// provider, as that provider does.
func (f *finder) client(ctx context.Context, r apitype.ResourceV3) (aws.Config, error) {
	provider := f.provider(r)
	region, _ := provider["region"].(string)
	options := []func(*config.LoadOptions) error{config.WithRegion(region)}
	if endpoint := f.env["AWS_ENDPOINT_URL"]; endpoint != "" {
		options = append(options, config.WithBaseEndpoint(endpoint))
	}
	if id := f.env["AWS_ACCESS_KEY_ID"]; id != "" {
		options = append(options, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(id, f.env["AWS_SECRET_ACCESS_KEY"], f.env["AWS_SESSION_TOKEN"])))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return cfg, err
	}
	role, err := roleOf(provider)
	if err != nil || role == "" {
		return cfg, err
	}
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role))
	return cfg, nil
}

// roleOf returns the role that a provider assumes. Objects in a provider's
// inputs are kept as JSON text.
func roleOf(provider map[string]any) (string, error) {
	text, ok := provider["assumeRole"].(string)
	if !ok {
		return "", nil
	}
	var role struct {
		RoleARN string `json:"roleArn"`
	}
	if err := json.Unmarshal([]byte(text), &role); err != nil {
		return "", fmt.Errorf("the provider's assumeRole: %w", err)
	}
	return role.RoleARN, nil
}

// key finds the enabled key with the description that isn't in the state.
func (f *finder) key(ctx context.Context, r apitype.ResourceV3, description string) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	client := kms.NewFromConfig(cfg)
	for pages := kms.NewListKeysPaginator(client, &kms.ListKeysInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, k := range page.Keys {
			key, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: k.KeyId})
			if err != nil {
				return "", err
			}
			m := key.KeyMetadata
			if aws.ToString(m.Description) == description && m.KeyState == kmstypes.KeyStateEnabled && !f.taken(*m.KeyId) {
				return *m.KeyId, nil
			}
		}
	}
	return "", nil
}

// delegationSet finds the reusable delegation set that was made with the
// reference name and isn't in the state.
func (f *finder) delegationSet(ctx context.Context, r apitype.ResourceV3, reference string) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	client, input := route53.NewFromConfig(cfg), &route53.ListReusableDelegationSetsInput{}
	for {
		page, err := client.ListReusableDelegationSets(ctx, input)
		if err != nil {
			return "", err
		}
		for _, set := range page.DelegationSets {
			id := strings.TrimPrefix(aws.ToString(set.Id), "/delegationset/")
			// The provider puts a unique number behind the reference name.
			if strings.HasPrefix(aws.ToString(set.CallerReference), reference+"-") && !f.taken(id) {
				return id, nil
			}
		}
		if !page.IsTruncated {
			return "", nil
		}
		input.Marker = page.NextMarker
	}
}

// zone finds the zone with the name on the delegation set, which has no other.
func (f *finder) zone(ctx context.Context, r apitype.ResourceV3, name, set string) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	zones, err := route53.NewFromConfig(cfg).ListHostedZones(ctx, &route53.ListHostedZonesInput{DelegationSetId: aws.String(set)})
	if err != nil {
		return "", err
	}
	for _, z := range zones.HostedZones {
		id := strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
		if strings.TrimSuffix(aws.ToString(z.Name), ".") == name && !f.taken(id) {
			return id, nil
		}
	}
	return "", nil
}

// trail finds the trail with the name.
func (f *finder) trail(ctx context.Context, r apitype.ResourceV3, name string) (string, error) {
	cfg, err := f.client(ctx, r)
	if err != nil {
		return "", err
	}
	trails, err := cloudtrail.NewFromConfig(cfg).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{TrailNameList: []string{name}})
	if err != nil {
		return "", err
	}
	for _, t := range trails.TrailList {
		return aws.ToString(t.TrailARN), nil
	}
	return "", nil
}
