namespace FlowPlatform.Tests.Support.Browser;

/// <summary>There is no Chromium, it can't be had, or it doesn't start.</summary>
internal sealed class BrowserException(string message, Exception? innerException = null) : Exception(message, innerException);
