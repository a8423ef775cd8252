using System;
using System.Globalization;

namespace Meshcast
{
    /// <summary>
    /// The keys of an encrypted connection (CurveZMQ): the publisher's public key and this client's own pair, as 40
    /// characters each (Z85, ZeroMQ RFC 32).
    /// </summary>
    public sealed class CurveKeys
    {
        private const string Alphabet =
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

        public readonly string ServerPublic;
        public readonly string ClientPublic;
        public readonly string ClientSecret;

        /// <exception cref="WireException">A key is not 40 characters of Z85.</exception>
        public CurveKeys(string serverPublic, string clientPublic, string clientSecret)
        {
            ServerPublic = serverPublic;
            ClientPublic = clientPublic;
            ClientSecret = clientSecret;
            Decode(serverPublic);
            Decode(clientPublic);
            Decode(clientSecret);
        }

        /// <summary>From the text of two ZeroMQ certificates: the publisher's public one (server.pub) and this client's
        /// own (NAME.key), as <c>meshcast keys new</c> writes them.</summary>
        /// <exception cref="WireException">A certificate lacks a key.</exception>
        public static CurveKeys FromCertificates(string server, string client)
        {
            return new CurveKeys(Value(server, "public-key"), Value(client, "public-key"), Value(client, "secret-key"));
        }

        /// <summary>The 32 bytes of a key.</summary>
        /// <exception cref="WireException">It is not 40 characters of Z85.</exception>
        public static byte[] Decode(string key)
        {
            var bytes = new byte[32];
            bool good = key != null && key.Length == 40;
            for (int group = 0; good && group < 8; group++)
            {
                ulong value = 0;
                for (int i = 0; i < 5; i++)
                {
                    int digit = Alphabet.IndexOf(key[5 * group + i]);
                    good = good && digit >= 0;
                    value = value * 85 + (ulong)Math.Max(0, digit);
                }
                good = good && value <= uint.MaxValue;
                for (int i = 0; i < 4; i++)
                {
                    bytes[4 * group + i] = (byte)(value >> (24 - 8 * i));
                }
            }
            if (!good)
            {
                throw new WireException(
                    "a CURVE key is not 40 characters of Z85: use the files of 'meshcast keys new'");
            }
            return bytes;
        }

        private static string Value(string certificate, string name)
        {
            foreach (string line in (certificate ?? "").Split('\n'))
            {
                string text = line.Trim();
                if (!text.StartsWith(name, false, CultureInfo.InvariantCulture))
                {
                    continue;
                }
                int from = text.IndexOf('"'), to = text.LastIndexOf('"');
                if (to > from)
                {
                    return text.Substring(from + 1, to - from - 1);
                }
            }
            throw new WireException("a certificate without " + name + ": use the files of 'meshcast keys new'");
        }
    }
}
