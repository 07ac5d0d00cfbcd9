package stackref

import (
	"reflect"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Outputs are the outputs that a stack's program writes.
type Outputs interface {
	MasterOutputs | AuditOutputs | MemberStackOutputs
}

// Export exports a stack's outputs by the structs' JSON names, and hands them over to
// programs of the same run.
func Export[T Outputs](ctx *pulumi.Context, live *Live, outputs T) {
	value := reflect.ValueOf(outputs)
	for name, output := range fields(value, false) {
		ctx.Export(name, output)
	}
	live.publish(ctx, fields(value, true))
}

// fields returns a struct's fields by their JSON names, without those that encoding/json
// would leave out, and those that are nil. Handed leaves out what isn't handed over either.
func fields(value reflect.Value, handed bool) pulumi.Map {
	all := pulumi.Map{}
	for i := range value.NumField() {
		field, v := value.Type().Field(i), value.Field(i)
		name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			for name, output := range fields(v, handed) {
				all[name] = output
			}
		case handed && field.Tag.Get("live") == "-", isNil(v), option == "omitempty" && isEmpty(v):
		default:
			all[name] = output(v)
		}
	}
	return all
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
		return v.IsNil()
	default:
		return false
	}
}

func isEmpty(v reflect.Value) bool {
	if k := v.Kind(); k == reflect.Map || k == reflect.Slice {
		return v.Len() == 0
	}
	return v.IsZero()
}

// output returns a field's value as Pulumi's.
func output(v reflect.Value) pulumi.Input {
	if known, ok := v.Interface().(pulumi.Input); ok {
		return known
	}
	switch v.Kind() {
	case reflect.Struct:
		return fields(v, false)
	case reflect.Map:
		all := pulumi.Map{}
		for _, key := range v.MapKeys() {
			all[key.String()] = output(v.MapIndex(key))
		}
		return all
	case reflect.Slice:
		all := pulumi.Array{}
		for i := range v.Len() {
			all = append(all, output(v.Index(i)))
		}
		return all
	case reflect.Pointer:
		return output(v.Elem())
	case reflect.String:
		return pulumi.String(v.String())
	case reflect.Bool:
		return pulumi.Bool(v.Bool())
	case reflect.Int:
		return pulumi.Int(v.Int())
	default:
		return pulumi.Any(v.Interface())
	}
}
