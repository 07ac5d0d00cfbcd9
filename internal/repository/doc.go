// Package repository writes a git repository for an account's own infrastructure: a Pulumi project
// that keeps its state in the account's state bucket, and the files that people and workflows need.
//
//	facts := repository.FactsOf(org, "prod", repository.For{Owner: "acme/platform"}, outputs)
//	templates, err := repository.LoadTemplates(nil)
//	files, err := templates.Render(facts)
//	result, err := repository.Write(ctx, "repos/prod.acme.example", files, repository.Options{})
//
// The same facts and templates always render the same files. Edits of people are kept: each
// rendering is a commit whose parent is the rendering before it, and git merges it into the branch
// that is checked out.
package repository
