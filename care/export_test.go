package care

// ComparedRecord lets tests from outside write generic helpers over Compare.
type ComparedRecord[T any] interface{ record[T] }

// CategoryName is the present name of a support category, empty for a number that there is not.
func CategoryName(number int) string {
	if number < 1 || number > len(categoryNames) {
		return ""
	}
	return categoryNames[number-1][0]
}
