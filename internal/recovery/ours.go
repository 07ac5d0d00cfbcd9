package recovery

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// justNow is how old something may be that was made by this run, if nothing else
// tells: longer than a run's longest stack, and than clocks differ.
const justNow = 30 * time.Minute

// ours reports whether what AWS says exists already was made by coldstart for this
// account, so that the state may take it over: a name that a person has given to
// something else stays theirs.
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

// sameForAll is for what is the same whoever has made it, and for what has coldstart's own
// name, so that nobody else's is found.
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
