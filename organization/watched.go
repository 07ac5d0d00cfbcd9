package organization

// maxSelected is how many buckets' names a trail has at most among its selectors. CloudTrail takes 500 values in all selectors together.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
const maxSelected = 480

// WatchedStates returns how the ARNs of the buckets begin whose objects the trail of an account records access to: those with Pulumi's
// states. The organization's trail, which is the management account's, has those of all accounts; with a trail in each account alone, each
// has its own. Of more accounts than CloudTrail takes names, the trail records access to every bucket whose name begins with the namespace.
func (o *Organization) WatchedStates(account string) []string {
	const bucket = "arn:aws:s3:::"
	switch {
	case !o.Audit.OrganizationTrail():
		return []string{bucket + o.Name(account, "state") + "-"}
	case account != Master:
		return nil
	case len(o.allAccounts()) > maxSelected:
		return []string{bucket + o.Namespace + "-"}
	}
	var all []string
	for _, name := range o.allAccounts() {
		all = append(all, bucket+o.Name(name, "state")+"-")
	}
	return all
}
