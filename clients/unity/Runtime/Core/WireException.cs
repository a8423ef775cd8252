using System;

namespace Meshcast
{
    /// <summary>Bytes that are not a whole Meshcast message of this version, or settings that cannot be used; one
    /// line.</summary>
    public sealed class WireException : Exception
    {
        public WireException(string message) : base(message)
        {
        }
    }
}
