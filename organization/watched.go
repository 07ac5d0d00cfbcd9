package organization

// WatchedStates returns how the ARNs of the objects begin that the trail of an account records access to, so that access to Pulumi's states
// is recorded. Of these objects, the trail leaves out those whose ARNs begin in one of the ways of except. watched is empty if the trail
// records no such access.
//
// The organization's trail is the management account's. CloudTrail takes 500 values in all selectors of a trail, fewer than an organization
// may have accounts, and a list of accounts would change the trail with each account. So this trail records access to every bucket whose
// name begins with the namespace, except the buckets that AWS's services write logs and findings to: they are written to all the time.
// A trail of an account alone records access to that account's state.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
func (o *Organization) WatchedStates(account string) (watched string, except []string) {
	const bucket = "arn:aws:s3:::"
	switch {
	case !o.Audit.RecordStates:
		return "", nil
	case account != Master || !o.Audit.OrganizationTrail():
		return bucket + o.Name(account, StateName) + "-", nil
	}
	for _, name := range []string{ArchiveName, ConfigName, GuardDutyName, MacieName} {
		except = append(except, bucket+o.Name(o.Audit.Account, name)+"-")
	}
	return bucket + o.Namespace + "-", except
}
