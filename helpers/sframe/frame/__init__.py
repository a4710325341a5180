"""SFrame, and what makes other frames of one."""
