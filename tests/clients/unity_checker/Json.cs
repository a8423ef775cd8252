using System.Collections;
using System.Globalization;
using System.Text;

namespace Meshcast.Checks
{
    /// <summary>Writes values, lists and dictionaries; numbers so that the reader gets the same.</summary>
    internal static class Json
    {
        public static string Write(object value)
        {
            var text = new StringBuilder();
            Write(value, text);
            return text.ToString();
        }

        private static void Write(object value, StringBuilder text)
        {
            if (value == null)
            {
                text.Append("null");
            }
            else if (value is string)
            {
                Quote((string)value, text);
            }
            else if (value is bool)
            {
                text.Append((bool)value ? "true" : "false");
            }
            else if (value is float || value is double)
            {
                text.Append(System.Convert.ToDouble(value).ToString("R", CultureInfo.InvariantCulture));
            }
            else if (value is IDictionary)
            {
                text.Append('{');
                foreach (DictionaryEntry entry in (IDictionary)value)
                {
                    Separate(text, '{');
                    Quote((string)entry.Key, text);
                    text.Append(':');
                    Write(entry.Value, text);
                }
                text.Append('}');
            }
            else if (value is IEnumerable)
            {
                text.Append('[');
                foreach (object item in (IEnumerable)value)
                {
                    Separate(text, '[');
                    Write(item, text);
                }
                text.Append(']');
            }
            else if (value is System.Enum)
            {
                Quote(value.ToString().ToLowerInvariant(), text);
            }
            else
            {
                text.Append(System.Convert.ToString(value, CultureInfo.InvariantCulture));
            }
        }

        private static void Separate(StringBuilder text, char opening)
        {
            if (text[text.Length - 1] != opening)
            {
                text.Append(',');
            }
        }

        private static void Quote(string value, StringBuilder text)
        {
            text.Append('"');
            foreach (char letter in value)
            {
                if (letter < ' ' || letter == '"' || letter == '\\' || letter > '~')
                {
                    text.AppendFormat("\\u{0:x4}", (int)letter);
                }
                else
                {
                    text.Append(letter);
                }
            }
            text.Append('"');
        }
    }
}
