"""What ``recado expand`` does with study configurations, a module for each command."""
