// Package repository writes a git repository for an account's own infrastructure:
// a Pulumi project that runs against the account's state bucket, and what stands
// beside it.
//
//	facts := repository.FactsOf(org, "prod", "acme/platform", outputs)
//	templates, err := repository.LoadTemplates(nil)
//	files, err := templates.Render(facts)
//	result, err := repository.Write(ctx, "repos/prod.acme.example", files, repository.Options{})
//
// Rendering is a function of facts and templates alone. What people have edited since
// is kept: each rendering is a commit whose parent is the rendering before it, and git
// merges it into the branch that is checked out.
package repository
