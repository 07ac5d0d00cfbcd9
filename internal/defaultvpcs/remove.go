package defaultvpcs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"golang.org/x/sync/errgroup"

	"github.com/coldstart-aws/coldstart/internal/awserror"
)

// Remove removes a default VPC that holds nothing. Subnets come first: AWS refuses to delete a subnet that something has come into
// meanwhile, and nothing can come into a VPC without subnets. So nothing that runs loses its way to the Internet.
//
// If AWS refuses a step, Remove restores what it has removed. The error says what AWS refused, and what couldn't be restored, with the
// commands that do.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html
func Remove(ctx context.Context, cfg aws.Config, v VPC) error {
	if len(v.Holds) > 0 {
		return fmt.Errorf("default VPC %s isn't removed, since it holds %s", v, strings.Join(v.Holds, ", "))
	}
	r := removal{VPC: v, client: clientIn(cfg, v.Region)}
	err := r.remove(ctx)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("removing default VPC %s: %w", v, err)
	if len(r.undo) == 0 {
		return fmt.Errorf("%w; it is as it was", err)
	}
	left := r.restore(context.WithoutCancel(ctx))
	if len(left) == 0 {
		return fmt.Errorf("%w; what was removed of it has been made again", err)
	}
	return fmt.Errorf("%w; not all that was removed of it could be made again: run the update again, or restore it with %s", err, strings.Join(left, ", "))
}

// removal is the removal of one VPC.
type removal struct {
	VPC
	client *ec2.Client
	undo   []undo
}

// undo restores what a step has removed.
type undo struct {
	do func(context.Context) error
	// by is the command that does the same.
	by string
}

func (r *removal) remove(ctx context.Context) error {
	for _, s := range r.subnets {
		if err := r.removeSubnet(ctx, s); err != nil {
			return err
		}
	}
	for _, g := range r.gateways {
		if err := r.removeGateway(ctx, g); err != nil {
			return err
		}
	}
	_, err := r.client.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &r.ID})
	return unless(err, "InvalidVpcID.NotFound")
}

func (r *removal) removeSubnet(ctx context.Context, s subnet) error {
	_, err := r.client.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &s.id})
	if err := unless(err, "InvalidSubnetID.NotFound"); err != nil {
		return err
	}
	r.undo = append(r.undo, undo{
		func(ctx context.Context) error {
			_, err := r.client.CreateDefaultSubnet(ctx, &ec2.CreateDefaultSubnetInput{AvailabilityZone: &s.zone})
			return unless(err, "DefaultSubnetAlreadyExistsInAvailabilityZone")
		},
		fmt.Sprintf("`aws ec2 create-default-subnet --availability-zone %s --region %s`", s.zone, r.Region),
	})
	return nil
}

func (r *removal) removeGateway(ctx context.Context, g gateway) error {
	if g.attached {
		_, err := r.client.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: &g.id, VpcId: &r.ID})
		if err := unless(err, "Gateway.NotAttached"); err != nil {
			return err
		}
		r.undo = append(r.undo, undo{
			func(ctx context.Context) error { return r.attach(ctx, g.id) },
			fmt.Sprintf("`aws ec2 attach-internet-gateway --internet-gateway-id %s --vpc-id %s --region %s`", g.id, r.ID, r.Region),
		})
	}
	_, err := r.client.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: &g.id})
	if err := unless(err, "InvalidInternetGatewayID.NotFound"); err != nil {
		return err
	}
	if g.attached {
		r.undo = r.undo[:len(r.undo)-1] // It can't be attached any more.
	}
	r.undo = append(r.undo, undo{
		r.replaceGateway,
		fmt.Sprintf("`aws ec2 create-internet-gateway --region %[1]s`, `aws ec2 attach-internet-gateway --vpc-id %[2]s --region %[1]s` and "+
			"`aws ec2 replace-route --route-table-id %[3]s --destination-cidr-block %[4]s --region %[1]s`, the last two with its --internet-gateway-id or --gateway-id",
			r.Region, r.ID, r.main, anywhere),
	})
	return nil
}

func (r *removal) attach(ctx context.Context, gateway string) error {
	_, err := r.client.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: &gateway, VpcId: &r.ID})
	return err
}

// replaceGateway makes another internet gateway. The main route table still has a route, which leads to the gateway that is deleted.
func (r *removal) replaceGateway(ctx context.Context) error {
	made, err := r.client.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{})
	if err != nil {
		return err
	}
	id := made.InternetGateway.InternetGatewayId
	if err := r.attach(ctx, aws.ToString(id)); err != nil {
		return err
	}
	_, err = r.client.ReplaceRoute(ctx, &ec2.ReplaceRouteInput{RouteTableId: &r.main, DestinationCidrBlock: aws.String(anywhere), GatewayId: id})
	return err
}

// restore makes what was removed again, the last first. It returns the commands for what couldn't be made again.
func (r *removal) restore(ctx context.Context) []string {
	var left []string
	for _, u := range slices.Backward(r.undo) {
		if err := u.do(ctx); err != nil {
			left = append(left, fmt.Sprintf("%s (refused: %s)", u.by, answer(err)))
		}
	}
	return left
}

// answer returns AWS's words, without request ids.
func answer(err error) string {
	if text := awserror.Answer(err); text != "" {
		return text
	}
	return err.Error()
}

// unless returns the error, unless it has the code that says that the step is done already.
func unless(err error, code string) error {
	if awserror.Is(err, code) {
		return nil
	}
	return err
}

// Clear removes the VPCs that hold nothing, side by side. It returns those that it has removed. The error joins those of Remove.
func Clear(ctx context.Context, cfg aws.Config, vpcs []VPC) ([]VPC, error) {
	errs := make([]error, len(vpcs))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, v := range vpcs {
		group.Go(func() error {
			errs[i] = Remove(ctx, cfg, v)
			return nil
		})
	}
	_ = group.Wait() // Errors are in errs.
	var removed []VPC
	for i, v := range vpcs {
		if errs[i] == nil {
			removed = append(removed, v)
		}
	}
	return removed, errors.Join(errs...)
}
