// Package arguments checks what the constructors of components are given, before anything
// is registered. A field that has to be set has the tag `required:"true"`:
//
//	type ZoneArgs struct {
//		Domain string `required:"true"`
//	}
//
//	if err := arguments.Check(name, args); err != nil {
//		return nil, err // "prod": ZoneArgs.Domain is missing
//	}
//
// Pulumi and AWS would say the same later, one problem at a time and in words that don't
// name the field, or take an empty name for "any name".
package arguments

import (
	"errors"
	"fmt"
	"reflect"
)

// Check returns an error with every required field of a component's arguments that is
// empty. Structs in fields and in lists are checked too. Name is the component's name in Pulumi.
func Check[T any](name string, args *T) error {
	typ := reflect.TypeFor[T]().Name()
	if args == nil {
		return fmt.Errorf("%q: %s is nil", name, typ)
	}
	var errs []error
	for _, field := range missing(typ, reflect.ValueOf(args).Elem()) {
		errs = append(errs, fmt.Errorf("%q: %s is missing", name, field))
	}
	return errors.Join(errs...)
}

// missing returns the paths of the required fields of a struct that are empty.
func missing(path string, value reflect.Value) (paths []string) {
	for i := range value.NumField() {
		declared, field := value.Type().Field(i), value.Field(i)
		at := path + "." + declared.Name
		switch {
		case !declared.IsExported():
		case declared.Tag.Get("required") == "true" && empty(field):
			paths = append(paths, at)
		case field.Kind() == reflect.Struct:
			paths = append(paths, missing(at, field)...)
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			for j := range field.Len() {
				paths = append(paths, missing(fmt.Sprintf("%s[%d]", at, j), field.Index(j))...)
			}
		}
	}
	return paths
}

func empty(field reflect.Value) bool {
	switch field.Kind() {
	case reflect.Slice, reflect.Map:
		return field.Len() == 0
	default:
		return field.IsZero()
	}
}
