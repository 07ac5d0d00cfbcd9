// Package audit declares where trails end up and the trails themselves.
//
// The archive is a bucket in the audit account that accepts logs of the
// organization's own trails only. With TrailOrganization in the declaration one
// multi-region trail of the management account covers every account, those to
// come included; with TrailAccount each account has a trail of its own. With TrailBoth
// there are all of them, while the one way takes over from the other.
package audit
