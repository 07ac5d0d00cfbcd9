// Package fields lists the keys of a struct of the declaration. What goes through all keys
// of an account, such as reading, writing and the command line, then needs no list of its
// own:
//
//	for _, f := range fields.Of(&account) {
//		fmt.Println(f.Key, f.Empty())
//	}
//
// The struct's tags are the list: `json` has the key, as in encoding/json, and `flag` the
// help of the flag by which `coldstart account add` sets it.
package fields

import (
	"reflect"
	"strings"
)

// Field is a field of a struct.
type Field struct {
	// Key is the field's name in the file and in JSON.
	Key string
	// Help is the help of the flag that sets the field; empty for a field without one.
	Help string
	// Value points to the field.
	Value any
}

// Of returns the fields of the struct that s points to, in the struct's order. Every field
// has to be exported and have a key.
func Of(s any) []Field {
	v := reflect.ValueOf(s).Elem()
	all := make([]Field, v.NumField())
	for i := range all {
		tag := v.Type().Field(i).Tag
		key, _, _ := strings.Cut(tag.Get("json"), ",")
		all[i] = Field{Key: key, Help: tag.Get("flag"), Value: v.Field(i).Addr().Interface()}
	}
	return all
}

// Empty reports whether the field has nothing in it, as if its key weren't in the file.
func (f Field) Empty() bool {
	switch v := f.value(); v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	default:
		return v.IsZero()
	}
}

// Clear sets the field to what it is without its key.
func (f Field) Clear() { f.value().SetZero() }

func (f Field) value() reflect.Value { return reflect.ValueOf(f.Value).Elem() }
