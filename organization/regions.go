package organization

import "slices"

// regions are the commercial regions that every new account may use at once;
// optInRegions are those that each account must be opted in to first, which
// takes minutes to hours, so that a fresh account's stack would fail there.
// https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
// (as of November 2026)
var (
	regions = []string{
		"ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
		"ap-south-1", "ap-southeast-1", "ap-southeast-2",
		"ca-central-1",
		"eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
		"sa-east-1",
		"us-east-1", "us-east-2", "us-west-1", "us-west-2",
	}
	optInRegions = []string{
		"af-south-1",
		"ap-east-1", "ap-east-2", "ap-south-2",
		"ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
		"ca-west-1",
		"eu-central-2", "eu-south-1", "eu-south-2",
		"il-central-1",
		"me-central-1", "me-south-1",
		"mx-central-1",
	}
)

// Regions returns the organization's own region and the OtherRegions: all in which accounts have
// settings of their own.
func (o *Organization) Regions() []string {
	return append([]string{o.Region}, o.OtherRegions()...)
}

// OtherRegions returns the allowed regions besides the organization's own, in
// alphabetical order: those in which accounts have settings of their own as well.
// Regions that each account has to be opted in to first aren't among them, nor is any
// if the declaration allows all regions.
func (o *Organization) OtherRegions() []string {
	var others []string
	for _, region := range o.Guardrails.Regions {
		if region != o.Region && slices.Contains(regions, region) {
			others = append(others, region)
		}
	}
	slices.Sort(others)
	return slices.Compact(others)
}
