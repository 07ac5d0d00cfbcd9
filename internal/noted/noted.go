// Package noted reads what coldstart has noted in the management account about members.
package noted

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/coldstart-aws/coldstart/organization"
)

// atOnce is how many parameters AWS returns at once.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
const atOnce = 10

// IDs returns the ids of the named accounts, as the master stack has noted them in the
// management account, whose credentials cfg has. An account is known by its id when its
// address in AWS isn't the declared one any more. Accounts that nothing is noted about
// are left out.
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
