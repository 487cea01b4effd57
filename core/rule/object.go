package rule

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// object lets an Object be an argument of a function or an element of a list.
type object struct{ Object }

var objectType = types.NewObjectType("chengshu.object")

func (o object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("an object cannot become a %s", t)
}

func (o object) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("an object cannot become a %s", t.TypeName())
}

func (o object) Equal(other ref.Val) ref.Val {
	x, ok := other.(object)
	return types.Bool(ok && reflect.DeepEqual(x.Object, o.Object))
}

func (o object) Type() ref.Type { return objectType }
func (o object) Value() any     { return o.Object }

// Get serves element look-ups that the planner did not resolve statically.
func (o object) Get(index ref.Val) ref.Val {
	name, ok := index.Value().(string)
	if !ok {
		return types.NewErr("a field name is a string")
	}
	return adapter{types.DefaultTypeAdapter}.NativeToValue(o.RuleField(name))
}
