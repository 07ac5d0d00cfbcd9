package recovery

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// justNow is the highest age of a resource that this run may have created, for resources whose
// owner nothing else shows. It is longer than the longest stack takes, and than clocks differ.
const justNow = 30 * time.Minute

// ours reports whether coldstart has created an existing resource for this account, so that the
// state may take it over. If a person has given the name to another resource, that resource
// stays theirs.
func (f *Finder) ours(ctx context.Context, k row, r Resource) (bool, error) {
	cfg, err := f.Config(ctx, r.Provider)
	switch {
	case err != nil:
		return false, err
	case k.Ours != nil:
		return k.Ours(ctx, f, cfg, r)
	case k.Tags == nil:
		return false, nil
	}
	id, err := f.id(ctx, k, r)
	if err != nil || id == "" {
		return false, err
	}
	tags, err := k.Tags(ctx, cfg, id)
	if err != nil || tags == nil {
		return false, err
	}
	declared, _ := r.Inputs["tags"].(map[string]any)
	for _, name := range []string{"ManagedBy", "Namespace", "Account"} {
		if want, _ := declared[name].(string); tags[name] != want {
			return false, nil
		}
	}
	return true, nil
}

// sameForAll is for resources that are the same for everybody, and for resources whose ids only
// coldstart uses.
func sameForAll(context.Context, *Finder, aws.Config, Resource) (bool, error) { return true, nil }

// tagged returns tags as a map.
func tagged[T any](tags []T, pair func(T) (key, value *string)) map[string]string {
	all := map[string]string{}
	for _, t := range tags {
		key, value := pair(t)
		all[aws.ToString(key)] = aws.ToString(value)
	}
	return all
}
