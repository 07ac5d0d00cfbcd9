// Package audit declares where trails end up and the trails themselves.
//
// The archive is a bucket in the audit account that accepts logs of the
// organization's own trails only. With TrailOrganization in the declaration one
// multi-region trail of the management account covers every account, those to
// come included; with TrailAccount each account has a trail of its own. With TrailBoth
// there are all of them, while the one way takes over from the other.
//
//	archive, err := audit.NewArchive(ctx, "archive", &audit.ArchiveArgs{…})
//	trail, err := audit.NewTrail(ctx, "trail", &audit.TrailArgs{Bucket: archive.Bucket, KeyARN: archive.KeyARN, After: archive.Ready, …})
//
// Alarms look at the events of the organization's trail, and tell an e-mail address:
//
//	alarms, err := audit.NewAlarms(ctx, "alarms", &audit.AlarmsArgs{Address: "security@acme.example", …})
//	trail, err := audit.NewTrail(ctx, "trail", &audit.TrailArgs{LogGroupARN: alarms.LogGroupARN, LogsRoleARN: alarms.RoleARN, …})
//
// URNs don't change: a resource that gets another name has its old one as an alias.
// A later version may add resources to a component. Go names may change until version 1.
package audit
