package limits

import "strings"

// accountOf returns the account in an ARN; empty if arn is no ARN.
func accountOf(arn string) string { return partOf(arn, 4) }

// regionOf returns the region in an ARN; empty if arn is no ARN.
func regionOf(arn string) string { return partOf(arn, 3) }

func partOf(arn string, i int) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[i]
}

// roleName returns the name at the end of a role's ARN, or at the end of a path and a name.
func roleName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
