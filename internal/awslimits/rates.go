package awslimits

// rates are the rates that AWS publishes for one service. Each action has the number of calls a
// second and the burst. An empty action is the service itself: see Numbers.Rates.
type rates struct {
	service, source string
	actions         map[string][2]float64
}

func publishedRates() map[string]Rate {
	out := map[string]Rate{}
	for _, s := range ratesByService {
		for action, r := range s.actions {
			key := s.service
			if action != "" {
				key += ":" + action
			}
			out[key] = Rate{r[0], r[1], Source{s.source, lastSeen}}
		}
	}
	return out
}

var ratesByService = []rates{
	{"logs", "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html", map[string][2]float64{
		"CreateLogGroup":        {10, 10},
		"DeleteLogGroup":        {10, 10},
		"DescribeLogGroups":     {10, 10},
		"PutMetricFilter":       {5, 5},
		"DeleteMetricFilter":    {5, 5},
		"DescribeMetricFilters": {5, 5},
	}},
	{"monitoring", "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html", map[string][2]float64{
		"DescribeAlarms": {9, 9},
		"PutMetricAlarm": {3, 3},
		"DeleteAlarms":   {3, 3},
	}},
	{"organizations", organizationsQuotas, map[string][2]float64{
		"CreateAccount":                    {0.1, 3},
		"CloseAccount":                     {0.05, 1},
		"DescribeCreateAccountStatus":      {2, 2},
		"DescribeAccount":                  {20, 30},
		"CreateOrganizationalUnit":         {1, 2},
		"DescribeOrganization":             {1, 2},
		"MoveAccount":                      {2, 3},
		"UpdateOrganizationalUnit":         {2, 3},
		"DeleteOrganizationalUnit":         {2, 3},
		"ListAccounts":                     {8, 12},
		"ListParents":                      {5, 8},
		"ListAccountsForParent":            {5, 8},
		"ListOrganizationalUnitsForParent": {5, 8},
		"ListRoots":                        {1, 2},
		"TagResource":                      {4, 6},
		"ListTagsForResource":              {10, 15},
		"CreatePolicy":                     {2, 3},
		"DeletePolicy":                     {2, 3},
		"AttachPolicy":                     {2, 3},
		"DetachPolicy":                     {2, 3},
		"UpdatePolicy":                     {2, 3},
		"EnablePolicyType":                 {1, 1},
		"EnableAWSServiceAccess":           {1, 2},
		"RegisterDelegatedAdministrator":   {1, 2},
	}},
	{"route53", route53Throttling, map[string][2]float64{
		"":                            {10, 50},
		"*":                           {10, 50},
		"CreateHostedZone":            {2, 40},
		"CreateReusableDelegationSet": {2, 40},
		"DeleteHostedZone":            {5, 40},
		"DeleteReusableDelegationSet": {5, 40},
		"AssociateVPCWithHostedZone":  {5, 20},
	}},
	// All actions together. AWS publishes no number for the identity store.
	{"sso", identityCenterQuotas, map[string][2]float64{"": {20, 20}}},
	{"account", accountQuotas, map[string][2]float64{
		"GetContactInformation":  {10, 15},
		"GetAlternateContact":    {10, 15},
		"PutContactInformation":  {5, 8},
		"PutAlternateContact":    {5, 8},
		"DeleteAlternateContact": {1, 6},
		"GetAccountInformation":  {3, 3},
		"GetPrimaryEmail":        {3, 3},
		"GetRegionOptStatus":     {5, 5},
		"ListRegions":            {5, 5},
		"EnableRegion":           {1, 1},
		"DisableRegion":          {1, 1},
	}},
}
