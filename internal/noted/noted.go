// Package noted reads the account ids of members that the master stack has written to SSM Parameter
// Store in the management account.
//
//	ids, err := noted.IDs(ctx, cfg, org, org.AccountNames())
package noted

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/coldstart-aws/coldstart/organization"
)

// atOnce is the maximum number of parameters of one call.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
const atOnce = 10

// IDs returns the ids of the named accounts, by name, as the master stack has written them. cfg has
// the management account's credentials. The ids identify accounts whose addresses in AWS are no
// longer the declared ones. Accounts without a parameter are left out.
func IDs(ctx context.Context, cfg aws.Config, org *organization.Organization, names []string) (map[string]string, error) {
	cfg = cfg.Copy()
	cfg.Region = org.Region
	client, parameters := ssm.NewFromConfig(cfg), map[string]string{}
	for _, name := range names {
		parameters[org.ParameterPath(name)+organization.FactAccountID] = name
	}
	ids := map[string]string{}
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(parameters)), atOnce) {
		out, err := client.GetParameters(ctx, &ssm.GetParametersInput{Names: chunk})
		if err != nil {
			return nil, err
		}
		for _, p := range out.Parameters {
			ids[parameters[aws.ToString(p.Name)]] = aws.ToString(p.Value)
		}
	}
	return ids, nil
}
