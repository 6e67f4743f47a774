package celrules

import (
	"net/url"
	"regexp"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var texts = cel.ListType(cel.StringType)

// regexFunctions are Kubernetes' find and findAll.
var regexFunctions = map[string][]cel.FunctionOpt{
	"find": {cel.MemberOverload("string_find_string", []*cel.Type{cel.StringType, cel.StringType}, cel.StringType,
		of2(func(text, pattern string) ref.Val {
			re, err := regexp.Compile(pattern)
			if err != nil {
				return types.NewErr("Illegal regex: %v", err)
			}
			return types.String(re.FindString(text))
		}))},
	"findAll": {
		cel.MemberOverload("string_find_all_string", []*cel.Type{cel.StringType, cel.StringType}, texts,
			of2(func(text, pattern string) ref.Val { return findAll(text, pattern, -1) })),
		cel.MemberOverload("string_find_all_string_int", []*cel.Type{cel.StringType, cel.StringType, cel.IntType}, texts,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val {
				text, ok1 := args[0].Value().(string)
				pattern, ok2 := args[1].Value().(string)
				most, ok3 := args[2].Value().(int64)
				if !ok1 || !ok2 || !ok3 {
					return types.NoSuchOverloadErr()
				}
				return findAll(text, pattern, int(most))
			})),
	},
}

func findAll(text, pattern string, most int) ref.Val {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return types.NewErr("Illegal regex: %v", err)
	}
	return types.NewStringList(types.DefaultTypeAdapter, re.FindAllString(text, most))
}

var urlType = cel.ObjectType("kubernetes.URL")

// urlFunctions are Kubernetes' functions for URLs: absolute ones, or absolute paths.
var urlFunctions = func() map[string][]cel.FunctionOpt {
	parse := func(text string) (*url.URL, error) {
		if _, err := url.ParseRequestURI(text); err != nil {
			return nil, err
		}
		return url.Parse(text) // the stricter parser above takes a fragment for a part of the path
	}
	wrap := func(u *url.URL) ref.Val {
		return opaque[*url.URL]{u, urlType, func(a, b *url.URL) bool { return a.String() == b.String() }}
	}
	part := func(id string, get func(u *url.URL) string) []cel.FunctionOpt {
		return member("url_get_"+id, urlType, cel.StringType, func(u *url.URL) ref.Val { return types.String(get(u)) })
	}
	read, is := parsed("url", urlType, parse, wrap, "URL parse error during conversion from string: ")
	return map[string][]cel.FunctionOpt{
		"url":            {read},
		"isURL":          {is},
		"getScheme":      part("scheme", func(u *url.URL) string { return u.Scheme }),
		"getHost":        part("host", func(u *url.URL) string { return u.Host }),
		"getHostname":    part("hostname", (*url.URL).Hostname),
		"getPort":        part("port", (*url.URL).Port),
		"getEscapedPath": part("escaped_path", (*url.URL).EscapedPath),
		"getQuery": member("url_get_query", urlType, cel.MapType(cel.StringType, texts), func(u *url.URL) ref.Val {
			query := map[ref.Val]ref.Val{}
			for k, v := range u.Query() {
				query[types.String(k)] = types.NewStringList(types.DefaultTypeAdapter, v)
			}
			return types.NewRefValMap(types.DefaultTypeAdapter, query)
		}),
	}
}()
