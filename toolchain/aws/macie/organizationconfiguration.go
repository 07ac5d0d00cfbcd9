// Package macie has the resource of Amazon Macie that the provider's source lacks.
package macie

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	"github.com/aws/aws-sdk-go-v2/service/macie2/types"
	"github.com/hashicorp/terraform-plugin-sdk/v2/diag"
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// Client is what the resource calls. *macie2.Client has it.
type Client interface {
	DescribeOrganizationConfiguration(context.Context, *macie2.DescribeOrganizationConfigurationInput, ...func(*macie2.Options)) (*macie2.DescribeOrganizationConfigurationOutput, error)
	UpdateOrganizationConfiguration(context.Context, *macie2.UpdateOrganizationConfigurationInput, ...func(*macie2.Options)) (*macie2.UpdateOrganizationConfigurationOutput, error)
}

// id is the id of every such resource in Pulumi's own plugin, which derives it from a property that is no text.
const id = "id"

// OrganizationConfiguration returns aws_macie2_organization_configuration: whether Macie is turned on for accounts that join the
// organization, in the region of the provider. Client returns the client of a configured provider.
//
// An organization has the setting as long as the caller administers Macie, so a creation is an update, and a deletion does nothing. Like
// the resource of that name in later releases of the provider, this one can't be imported.
// https://docs.aws.amazon.com/macie/latest/APIReference/admin-configuration.html
func OrganizationConfiguration(client func(ctx context.Context, meta any) Client) *schema.Resource {
	update := func(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
		_, err := client(ctx, meta).UpdateOrganizationConfiguration(ctx, &macie2.UpdateOrganizationConfigurationInput{
			AutoEnable: aws.Bool(d.Get("auto_enable").(bool)),
		})
		if err != nil {
			return diag.Errorf("updating Macie Organization Configuration: %s", err)
		}
		d.SetId(id)
		return nil
	}
	return &schema.Resource{
		CreateWithoutTimeout: update,
		UpdateWithoutTimeout: update,
		DeleteWithoutTimeout: schema.NoopContext,
		ReadWithoutTimeout: func(ctx context.Context, d *schema.ResourceData, meta any) diag.Diagnostics {
			out, err := client(ctx, meta).DescribeOrganizationConfiguration(ctx, &macie2.DescribeOrganizationConfigurationInput{})
			switch {
			case gone(err):
				d.SetId("")
				return nil
			case err != nil:
				return diag.Errorf("reading Macie Organization Configuration: %s", err)
			}
			return diag.FromErr(d.Set("auto_enable", aws.ToBool(out.AutoEnable)))
		},
		Schema: map[string]*schema.Schema{
			"auto_enable": {Type: schema.TypeBool, Required: true},
		},
	}
}

// gone reports whether an error says that the caller doesn't administer Macie, or not any more.
func gone(err error) bool {
	var missing *types.ResourceNotFoundException
	var denied *types.AccessDeniedException
	return errors.As(err, &missing) || errors.As(err, &denied) && strings.Contains(denied.ErrorMessage(), "you must be the Macie administrator for an organization")
}
