// Package defaultvpcs finds and removes the default VPCs that AWS makes in every region of an account.
// A default VPC that holds anything is never removed:
//
//	found, err := defaultvpcs.Find(ctx, cfg, 0)
//	for _, vpc := range found.VPCs {
//		if len(vpc.Holds) == 0 {
//			err := defaultvpcs.Remove(ctx, cfg, vpc)
//		}
//	}
//
// Find only reads. A removal that was killed can be run again: Find finds a default VPC that has lost its internet gateway or some of
// its subnets, too. Both functions make calls with the credentials of the account that the VPCs are in.
// docs/adr/0054-default-vpcs.md
package defaultvpcs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"github.com/coldstart-aws/coldstart/internal/awserror"
)

// VPC is a default VPC.
type VPC struct {
	Region, ID string
	// Holds says what is in the VPC that AWS hasn't made with it, such as "network interface eni-1". It is empty if the VPC can be
	// removed.
	Holds []string

	// What follows is removed with the VPC. A gateway may be detached already.
	gateways []gateway
	subnets  []subnet
	// main is the id of the main route table.
	main string
}

// String returns the VPC's id and region.
func (v VPC) String() string { return v.ID + " in " + v.Region }

type gateway struct {
	id       string
	attached bool
}

// subnet is a default subnet. An Availability Zone has at most one.
type subnet struct{ id, zone string }

// Unread is a region whose default VPC couldn't be read, or not all that the VPC holds.
type Unread struct {
	Region string
	Err    error
}

// Found is what Find has found, by region.
type Found struct {
	VPCs   []VPC
	Unread []Unread
}

// atOnce is how many regions are asked at the same time. Every region has rates of its own: one account can make 100 reads in a burst,
// and 50 calls that change something. A VPC takes about 15 reads and 8 changes.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html
const atOnce = 8

// Find finds the default VPCs in all regions that are enabled in an account. For so long as patience it asks a region again that
// doesn't serve the account yet: AWS makes a new account known region by region. The error says that the regions can't be read.
func Find(ctx context.Context, cfg aws.Config, patience time.Duration) (Found, error) {
	until := time.Now().Add(patience)
	var regions *ec2.DescribeRegionsOutput
	err := awaited(ctx, until, func() (err error) {
		regions, err = ec2.NewFromConfig(cfg).DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(false)})
		return err
	})
	if err != nil {
		return Found{}, fmt.Errorf("asking AWS which regions are enabled: %w", err)
	}
	names := make([]string, len(regions.Regions))
	for i, r := range regions.Regions {
		names[i] = aws.ToString(r.RegionName)
	}
	slices.Sort(names)
	vpcs, errs := make([][]VPC, len(names)), make([]error, len(names))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, region := range names {
		group.Go(func() error {
			errs[i] = awaited(ctx, until, func() (err error) {
				vpcs[i], err = in(ctx, clientIn(cfg, region), region)
				return err
			})
			return nil
		})
	}
	_ = group.Wait() // Errors are in errs.
	var found Found
	for i, region := range names {
		if errs[i] != nil {
			found.Unread = append(found.Unread, Unread{region, errs[i]})
			continue
		}
		found.VPCs = append(found.VPCs, vpcs[i]...)
	}
	return found, ctx.Err()
}

// interval is how long Find waits until it asks again.
const interval = 5 * time.Second

// awaited calls ask until it returns nil, or another error than that of a region that doesn't serve a new account yet, or until the
// time is up.
func awaited(ctx context.Context, until time.Time, ask func() error) error {
	for {
		err := ask()
		if err == nil || !NotYet(err) || time.Now().Add(interval).After(until) {
			return err
		}
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// NotYet reports whether a region doesn't serve a new account yet. EC2 then doesn't know the account's subscription, or its
// credentials.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
// https://github.com/awslabs/aws-deployment-framework/issues/655
func NotYet(err error) bool {
	return awserror.Is(err, "OptInRequired") || awserror.Is(err, "PendingVerification") || awserror.Is(err, "AuthFailure")
}

func clientIn(cfg aws.Config, region string) *ec2.Client {
	return ec2.NewFromConfig(cfg, func(o *ec2.Options) { o.Region = region })
}

// in returns a region's default VPC, with what it holds. AWS has at most one in a region.
func in(ctx context.Context, client *ec2.Client, region string) ([]VPC, error) {
	out, err := client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []types.Filter{filter("is-default", "true")}})
	if err != nil {
		return nil, fmt.Errorf("asking for the default VPC: %w", err)
	}
	var vpcs []VPC
	for _, v := range out.Vpcs {
		c, err := read(ctx, client, v)
		if err != nil {
			return nil, fmt.Errorf("asking what the default VPC %s holds: %w", aws.ToString(v.VpcId), err)
		}
		vpcs = append(vpcs, c.decide(region))
	}
	return vpcs, nil
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

// Told returns VPCs as one text, such as "vpc-1 in eu-west-1, vpc-2 in eu-west-2".
func Told(vpcs []VPC) string {
	texts := make([]string, len(vpcs))
	for i, v := range vpcs {
		texts[i] = v.String()
		if len(v.Holds) > 0 {
			texts[i] += ", which holds " + strings.Join(v.Holds, ", ")
		}
	}
	separator := ", "
	if slices.ContainsFunc(vpcs, func(v VPC) bool { return len(v.Holds) > 0 }) {
		separator = "; "
	}
	return strings.Join(texts, separator)
}
